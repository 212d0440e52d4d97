using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS of the customer's account in every region: authorizes each operation and hands it on.</summary>
internal sealed class KmsService
{
    private readonly AwsData _data;
    private readonly KmsKeys _keys;
    private readonly KmsAuthorization _authorization;
    private readonly KmsPolicies _policies;
    private readonly KmsAliases _aliases;
    private readonly KmsGrants _grants;
    private readonly KmsRotation _rotation;
    private readonly KmsImports _imports;
    private readonly KmsCryptography _cryptography;
    private readonly KmsKeyLifecycle _lifecycle;
    private readonly KmsUsage _usage;

    public KmsService(
        SandboxClock clock,
        string accountId,
        AwsData data,
        IamPrincipals principals,
        AccessEvaluator access
    )
    {
        _data = data;
        _keys = new KmsKeys(clock, accountId, data);
        _authorization = new KmsAuthorization(clock, accountId, data, access);
        _policies = new KmsPolicies(accountId, data, principals, _authorization);
        _aliases = new KmsAliases(data, _keys, _authorization);
        _grants = new KmsGrants(accountId, data, _keys, _authorization, principals);
        _rotation = new KmsRotation(_keys, data);
        _imports = new KmsImports(_keys, data);
        _cryptography = new KmsCryptography(_keys, _authorization);
        _lifecycle = new KmsKeyLifecycle(accountId, data, _keys, _policies, _authorization, principals);
        _usage = new KmsUsage(_keys, data);
    }

    /// <summary>Adds a key that a role has used for a year; returns its ARN.</summary>
    public string SeedKey(string region, string roleArn) => _lifecycle.Seed(region, roleArn);

    /// <summary>Creates an enabled key from material that was generated elsewhere.</summary>
    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public KmsKey Import(Caller caller, string region, byte[] material, string description, bool multiRegion) =>
        _lifecycle.Import(caller, region, material, description, multiRegion);

    /// <summary>The key of an ARN, in any region; null when there is none.</summary>
    public KmsKey? Find(string arn) => _keys.Find(arn);

    public IReadOnlyList<KmsKey> InRegion(string region) => [.. _keys.InRegion(region)];

    public DateTimeOffset Now => _keys.Now;

    public string State(KmsKey key) => _keys.State(key);

    /// <summary>True for a key that exists and is not scheduled for deletion.</summary>
    public bool IsUsable(string region, string id) => _keys.Find(region, id) is { DeletionDate: null };

    /// <summary>The key that an operation concerned; null for none.</summary>
    public KmsKeyUse? UseOf(string region, string operation, JsonObject body, JsonObject? result) =>
        _usage.Of(region, operation, body, result);

    public bool HasAlias(string region, string name) => _aliases.Has(region, name);

    /// <summary>What all policies and grants say together.</summary>
    public AccessDecision Judge(Caller caller, string operation, KmsKey key) =>
        _authorization.Judge(caller, operation, key);

    /// <exception cref="AwsException">The caller is not allowed to do it, or the request is wrong.</exception>
    public JsonObject Handle(Caller caller, string region, string operation, JsonObject body) =>
        operation switch
        {
            "CreateKey" => _lifecycle.Create(caller, region, body),
            "ListKeys" => ListKeys(caller, region, body),
            "ListAliases" => _aliases.List(caller, region, body),
            "CreateAlias" => _aliases.Create(caller, region, body),
            "UpdateAlias" => _aliases.Update(caller, region, body),
            "DeleteAlias" => _aliases.Delete(caller, region, body),
            "RetireGrant" => _grants.Retire(caller, region, body),
            "ListRetirableGrants" => _grants.ListRetirable(caller, region, body),
            "Decrypt" => _cryptography.Decrypt(caller, region, body),
            "ReEncrypt" => _cryptography.ReEncrypt(caller, region, body),
            _ => HandleKey(caller, Find(region, operation, body), operation, body),
        };

    /// <summary>Only DescribeKey and the operations that encrypt and decrypt take an alias.</summary>
    private KmsKey Find(string region, string operation, JsonObject body)
    {
        var id = KmsRequest.Text(body, "KeyId");
        return operation is "DescribeKey" or "Encrypt" or "GenerateDataKey" or "GenerateDataKeyWithoutPlaintext"
            ? _keys.Get(region, id)
            : _keys.GetById(region, id);
    }

    private JsonObject HandleKey(Caller caller, KmsKey key, string operation, JsonObject body)
    {
        if (operation != "DescribeKey" && _keys.Now - key.Created < _data.NewKeyDelay)
            throw KmsRequest.NotFound($"Key '{key.Arn}' does not exist");
        _authorization.Require(caller, operation, key, body);
        if (operation is "GetKeyPolicy" or "PutKeyPolicy")
            KmsPolicies.RequireName(body);
        if (operation is "CreateGrant" or "RevokeGrant")
            KmsRequest.EndDryRun(body);
        return operation switch
        {
            "DescribeKey" => new JsonObject { ["KeyMetadata"] = _keys.Metadata(key) },
            "GetKeyLastUsage" => _usage.Last(key),
            "GetKeyPolicy" => new JsonObject { ["Policy"] = _policies.Text(key), ["PolicyName"] = "default" },
            "PutKeyPolicy" => _lifecycle.PutPolicy(caller, key, body),
            "ListKeyPolicies" => new JsonObject { ["PolicyNames"] = new JsonArray("default"), ["Truncated"] = false },
            "TagResource" => _lifecycle.Tag(key, body),
            "UntagResource" => _lifecycle.Untag(key, body),
            "ListResourceTags" => KmsKeyLifecycle.ListTags(key, body),
            "UpdateKeyDescription" => _lifecycle.SetDescription(key, body),
            "UpdatePrimaryRegion" => _lifecycle.UpdatePrimaryRegion(key, body),
            "ReplicateKey" => _lifecycle.Replicate(caller, key, body),
            "EnableKey" => _lifecycle.SetEnabled(key, true),
            "DisableKey" => _lifecycle.SetEnabled(key, false),
            "ScheduleKeyDeletion" => _lifecycle.ScheduleDeletion(key, body),
            "CancelKeyDeletion" => KmsKeyLifecycle.CancelDeletion(key),
            "EnableKeyRotation" => _rotation.Enable(key, body),
            "DisableKeyRotation" => _rotation.Disable(key),
            "GetKeyRotationStatus" => _rotation.Status(key),
            "RotateKeyOnDemand" => _rotation.RotateOnDemand(key),
            "ListKeyRotations" => _rotation.List(key, body),
            "GetParametersForImport" => _imports.GetParameters(key, body),
            "ImportKeyMaterial" => _imports.Import(key, body),
            "CreateGrant" => _grants.Create(key, body),
            "ListGrants" => _grants.List(key, body),
            "RevokeGrant" => _grants.Revoke(key, body),
            "Encrypt" => _cryptography.Encrypt(key, body),
            "GenerateDataKey" => _cryptography.GenerateDataKey(key, body, withPlaintext: true),
            "GenerateDataKeyWithoutPlaintext" => _cryptography.GenerateDataKey(key, body, withPlaintext: false),
            _ => throw new AwsException("UnknownOperationException", $"There is no operation {operation}."),
        };
    }

    private JsonObject ListKeys(Caller caller, string region, JsonObject body)
    {
        _authorization.RequireInAccount(caller, "ListKeys", region);
        return KmsRequest.Page(
            body,
            "Keys",
            _keys.InRegion(region).Select(k => new JsonObject { ["KeyId"] = k.Id, ["KeyArn"] = k.Arn })
        );
    }
}

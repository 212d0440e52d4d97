using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// Distributes keys to AWS KMS. Imported key material cannot be rotated there, so each version is a separate KMS key,
/// and the alias alias/hashicorp/{name} points to the latest one. Source: HashiCorp's awskms page.
/// </summary>
internal sealed class AwsDistributor(AwsSandbox aws, VaultHost host) : IKeyDistributor
{
    /// <summary>The regions with a KMS endpoint.</summary>
    private static readonly HashSet<string> Regions =
    [
        "af-south-1",
        "ap-east-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ];

    public string Provider => "awskms";

    public string? WhyUnsupported(string keyType, IReadOnlyList<string> purpose, string protection) =>
        keyType != "aes256-gcm96" ? $"key type \"{keyType}\" is not supported by provider \"awskms\""
        : !purpose.SequenceEqual(["decrypt", "encrypt"])
            ? "provider \"awskms\" supports only the purposes encrypt and decrypt"
        : protection != "hsm" ? "provider \"awskms\" supports only the protection hsm"
        : null;

    public string Import(VaultKey key, KeyDistribution distribution, VaultMaterial material) =>
        Call(distribution, distribution.Kms.Collection, (call, caller, kms) =>
        {
            var created = kms.Import(
                caller,
                distribution.Kms.Collection,
                material.Secret!,
                "",
                multiRegion: key.ReplicaRegions.Count > 0
            );
            call(
                "TagResource",
                new JsonObject
                {
                    ["KeyId"] = created.Id,
                    ["Tags"] = new JsonArray(new JsonObject { ["TagKey"] = "key_name", ["TagValue"] = key.Name }),
                }
            );
            call(
                distribution.Versions.Count == 0 ? "CreateAlias" : "UpdateAlias",
                new JsonObject { ["AliasName"] = Alias(distribution), ["TargetKeyId"] = created.Id }
            );
            return created.Id;
        });

    public void SetEnabled(KeyDistribution distribution, string id, bool enabled) =>
        Call(distribution, distribution.Kms.Collection, (call, _, _) =>
            call(enabled ? "EnableKey" : "DisableKey", new JsonObject { ["KeyId"] = id })
        );

    public void Remove(VaultKey key, KeyDistribution distribution)
    {
        foreach (var region in key.ReplicaRegions.Append(distribution.Kms.Collection))
        {
            Call(distribution, region, (call, _, kms) =>
            {
                // Keys that are already scheduled for deletion are left alone.
                foreach (var id in distribution.Versions.Values.Where(id => kms.IsUsable(region, id)))
                    call("ScheduleKeyDeletion", new JsonObject { ["KeyId"] = id });
                if (kms.HasAlias(region, Alias(distribution)))
                    call("DeleteAlias", new JsonObject { ["AliasName"] = Alias(distribution) });
                return true;
            });
        }
    }

    /// <summary>A replica is a separate key with its own policy and alias.</summary>
    public void Replicate(VaultKey key, KeyDistribution distribution)
    {
        var latest = distribution.Versions.Values.Last();
        foreach (var region in key.ReplicaRegions)
        {
            var isNew = Call(distribution, distribution.Kms.Collection, (call, _, kms) =>
            {
                if (kms.IsUsable(region, latest))
                    return false;
                call("ReplicateKey", new JsonObject { ["KeyId"] = latest, ["ReplicaRegion"] = region });
                return true;
            });
            if (!isNew)
                continue;
            Call(distribution, region, (call, _, kms) =>
                call(
                    kms.HasAlias(region, Alias(distribution)) ? "UpdateAlias" : "CreateAlias",
                    new JsonObject { ["AliasName"] = Alias(distribution), ["TargetKeyId"] = latest }
                )
            );
        }
    }

    private static string Alias(KeyDistribution distribution) => $"alias/hashicorp/{distribution.CloudName}";

    /// <summary>Calls KMS with the provider's credentials, or else with those of Vault's server.</summary>
    private T Call<T>(
        KeyDistribution distribution,
        string region,
        Func<Func<string, JsonObject, JsonNode>, Caller, KmsService, T> work
    )
    {
        var given = distribution.Kms.Credentials;
        string? Credential(string name, string variable) =>
            given.TryGetValue(name, out var value) && value.Length > 0 ? value
            : given.ContainsKey("access_key") ? null
            : host.Variable(variable);
        if (
            Credential("access_key", "AWS_ACCESS_KEY_ID") is not { } id
            || Credential("secret_key", "AWS_SECRET_ACCESS_KEY") is not { } secret
        )
            throw new CloudRefusedException("NoCredentialProviders: no valid providers in chain. Deprecated.");
        if (!Regions.Contains(region))
            throw new CloudRefusedException(
                "RequestError: send request failed caused by: "
                    + $"dial tcp: lookup kms.{region}.amazonaws.com: no such host"
            );
        try
        {
            return aws.SignedIn(id, secret, Credential("session_token", "AWS_SESSION_TOKEN"), (caller, kms) =>
                work((operation, body) => aws.CallKms(caller, id, region, operation, body), caller, kms)
            );
        }
        catch (AwsException error)
        {
            throw new CloudRefusedException($"{error.Code}: {error.Message}");
        }
    }
}

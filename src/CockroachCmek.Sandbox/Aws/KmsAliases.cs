using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>KMS's operations on aliases.</summary>
internal sealed class KmsAliases(AwsData data, KmsKeys keys, KmsAuthorization authorization)
{
    public bool Has(string region, string name) => data.Aliases.ContainsKey((region, name));

    public JsonObject Create(Caller caller, string region, JsonObject body)
    {
        var name = KmsRequest.Text(body, "AliasName");
        if (!name.StartsWith("alias/", StringComparison.Ordinal))
            throw new AwsException(
                "ValidationException",
                "Alias must start with the prefix \"alias/\". Please see "
                    + "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
            );
        if (!Regex.IsMatch(name, "^alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}$"))
            throw new AwsException("InvalidAliasNameException", $"Invalid alias name {name}.");
        var key = keys.GetById(region, KmsRequest.Text(body, "TargetKeyId"));
        authorization.Require(caller, "CreateAlias", key);
        keys.RequireState(key, "Enabled", "Disabled", "Creating", "Updating", "PendingImport");
        if (Has(region, name))
            throw new AwsException(
                "AlreadyExistsException",
                $"An alias with the name {keys.AliasArn(region, name)} already exists"
            );
        data.Aliases[(region, name)] = (key, keys.Now);
        return [];
    }

    public JsonObject Update(Caller caller, string region, JsonObject body)
    {
        var key = keys.GetById(region, KmsRequest.Text(body, "TargetKeyId"));
        authorization.Require(caller, "UpdateAlias", key);
        var name = KmsRequest.Text(body, "AliasName");
        if (!data.Aliases.TryGetValue((region, name), out var alias))
            throw KmsRequest.NotFound($"Alias {keys.AliasArn(region, name)} is not found.");
        data.Aliases[(region, name)] = (key, alias.Created);
        return [];
    }

    public JsonObject Delete(Caller caller, string region, JsonObject body)
    {
        authorization.RequireInAccount(caller, "DeleteAlias", region);
        var name = KmsRequest.Text(body, "AliasName");
        return data.Aliases.Remove((region, name))
            ? []
            : throw KmsRequest.NotFound($"Alias {keys.AliasArn(region, name)} is not found.");
    }

    public JsonObject List(Caller caller, string region, JsonObject body)
    {
        var only = (string?)body["KeyId"] is { } id ? keys.GetById(region, id) : null;
        authorization.RequireInAccount(caller, "ListAliases", region);
        return KmsRequest.Page(
            body,
            "Aliases",
            data.Aliases.Where(a => a.Key.Region == region && (only is null || a.Value.Key == only))
                .OrderBy(a => a.Key.Alias, StringComparer.Ordinal)
                .Select(a => new JsonObject
                {
                    ["AliasName"] = a.Key.Alias,
                    ["AliasArn"] = keys.AliasArn(region, a.Key.Alias),
                    ["TargetKeyId"] = a.Value.Key.Id,
                    ["CreationDate"] = KmsRequest.Epoch(a.Value.Created),
                    ["LastUpdatedDate"] = KmsRequest.Epoch(a.Value.Created),
                })
        );
    }
}

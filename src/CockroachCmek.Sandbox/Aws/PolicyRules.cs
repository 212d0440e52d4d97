using System.Text.Json;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// What the text of a policy must look like, and how AWS refuses it. KMS names the error
/// MalformedPolicyDocumentException; its texts for a broken document are not recorded anywhere.
/// </summary>
internal sealed class PolicyRules(PolicyKind kind)
{
    private static readonly string[] Versions = ["2008-10-17", "2012-10-17"];

    private static readonly string[] Elements =
    [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];

    private static readonly string[] PrincipalTypes = ["AWS", "Service", "Federated", "CanonicalUser"];

    private string Code => kind == PolicyKind.Key ? "MalformedPolicyDocumentException" : "MalformedPolicyDocument";

    /// <summary>Policy variables came with the newer version of the language.</summary>
    public static bool HasVariables(JsonElement document) =>
        document.TryGetProperty("Version", out var version) && version.GetString() == Versions[1];

    /// <exception cref="AwsException">
    /// The document has another version, or elements that policies do not have.
    /// </exception>
    public void CheckDocument(JsonElement document)
    {
        if (
            (document.TryGetProperty("Version", out var version) && !Versions.Contains(version.GetString()))
            || document.EnumerateObject().Any(p => p.Name is not ("Version" or "Id" or "Statement"))
        )
            throw Broken(isJson: false);
    }

    /// <exception cref="AwsException">Two statements have the same Sid.</exception>
    public void CheckStatements(IReadOnlyList<PolicyStatement> statements)
    {
        var sids = statements.Select(s => s.Sid).Where(s => !string.IsNullOrEmpty(s)).ToList();
        if (sids.Distinct().Count() < sids.Count)
            throw new AwsException(Code, "Statement IDs (SID) in a single policy must be unique.");
    }

    /// <exception cref="AwsException">The statement is malformed.</exception>
    public PolicyStatement Read(JsonElement item)
    {
        var effect = item.GetProperty("Effect").GetString();
        if (effect is not ("Allow" or "Deny") || item.EnumerateObject().Any(p => !Elements.Contains(p.Name)))
            throw Broken(isJson: false);
        var (actions, isNotAction) = Either(item, "Action");
        var (resources, isNotResource) = Either(item, "Resource");
        CheckPresence(actions, resources);
        var (principals, isNotPrincipal) = Principals(item);
        return new PolicyStatement(
            item.TryGetProperty("Sid", out var sid) ? sid.GetString() : null,
            effect == "Allow",
            principals,
            isNotPrincipal,
            actions ?? [],
            isNotAction,
            // Trust policies have no resource: they stand on it. A key policy's statement without one has no effect.
            resources ?? (kind == PolicyKind.Trust ? ["*"] : []),
            isNotResource,
            item.TryGetProperty("Condition", out var condition) ? Checked(condition).Clone() : null
        );
    }

    /// <summary>The error for a document that cannot be read.</summary>
    /// <param name="isJson">The text is not even JSON.</param>
    public AwsException Broken(bool isJson) =>
        new(
            Code,
            kind == PolicyKind.Key ? "The new key policy is not valid."
                : isJson ? "This policy contains invalid Json"
                : "Syntax errors in policy."
        );

    /// <summary>KMS accepts a statement without actions or resources; it has no effect. IAM refuses it.</summary>
    private void CheckPresence(string[]? actions, string[]? resources)
    {
        if (kind == PolicyKind.Key)
            return;
        if (actions is null)
            throw new AwsException(Code, "Policy statement must contain actions.");
        if (kind == PolicyKind.Trust && !actions.All(a => a.StartsWith("sts:", StringComparison.OrdinalIgnoreCase)))
            throw new AwsException(Code, "AssumeRole policy may only specify STS AssumeRole actions.");
        if (kind == PolicyKind.Trust && resources is not null)
            throw new AwsException(Code, "Has prohibited field Resource");
        if (kind != PolicyKind.Trust && resources is null)
            throw new AwsException(Code, "Policy statement must contain resources.");
    }

    private (string[]? Principals, bool IsNot) Principals(JsonElement item)
    {
        var isNot = item.TryGetProperty("NotPrincipal", out var principal);
        if (!isNot && !item.TryGetProperty("Principal", out principal))
            return kind is PolicyKind.Identity or PolicyKind.Control
                ? (null, false)
                : throw new AwsException(
                    Code,
                    kind == PolicyKind.Key
                        ? "Policy contains a statement with no principal."
                        : "Missing required field Principal"
                );
        if (kind == PolicyKind.Identity)
            throw new AwsException(Code, "Policy document should not specify a principal.");
        return (PrincipalsOf(principal), isNot);
    }

    private string[] PrincipalsOf(JsonElement principal)
    {
        if (principal.ValueKind == JsonValueKind.String && principal.GetString() == "*")
            return ["*"];
        if (
            principal.ValueKind != JsonValueKind.Object
            || principal.EnumerateObject().Any(p => !PrincipalTypes.Contains(p.Name))
        )
            throw Broken(isJson: false);
        return
        [
            .. principal
                .EnumerateObject()
                .SelectMany(p => PolicyDocument.Texts(p.Value).Select(v => p.Name == "AWS" ? v : $"{p.Name}:{v}")),
        ];
    }

    private static JsonElement Checked(JsonElement condition)
    {
        foreach (var test in condition.EnumerateObject())
        {
            if (!PolicyCondition.IsOperator(test.Name))
                throw new InvalidOperationException(test.Name);
            foreach (var key in test.Value.EnumerateObject())
                _ = PolicyDocument.Texts(key.Value);
        }

        return condition;
    }

    /// <summary>The values of an element or of its negation; null when the statement has neither.</summary>
    private static (string[]? Values, bool IsNot) Either(JsonElement item, string name) =>
        item.TryGetProperty(name, out var values) ? (PolicyDocument.Texts(values), false)
        : item.TryGetProperty("Not" + name, out values) ? (PolicyDocument.Texts(values), true)
        : (null, false);
}

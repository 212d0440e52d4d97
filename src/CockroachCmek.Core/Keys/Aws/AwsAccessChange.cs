using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A change of access on AWS, with exactly what it adds or removes. Only a change that was parsed into one of these
/// types is made or undone, and each can do nothing but what this module does for a cluster's key or role.
/// </summary>
internal abstract record AwsAccessChange(RoleArn Role)
{
    /// <summary>Longer than any policy that AWS accepts.</summary>
    private const int LongestDocument = 100_000;

    private static readonly Dictionary<string, Func<CmekAccessChange, RoleArn, AwsAccessChange>> Parsers = new()
    {
        [KeyPolicyDeny.KindName] = KeyPolicyDeny.Parse,
        [KeyPolicyGrant.KindName] = KeyPolicyGrant.Parse,
        [KmsGrantRevocation.KindName] = KmsGrantRevocation.Parse,
        [KeyDisabling.KindName] = KeyDisabling.Parse,
        [KeyDeletion.KindName] = KeyDeletion.Parse,
        [RolePolicyDeny.KindName] = RolePolicyDeny.Parse,
        [RoleTrustDeny.KindName] = RoleTrustDeny.Parse,
    };

    /// <summary>The kind, as a record names it.</summary>
    public abstract string Kind { get; }

    /// <summary>The method that makes changes of this kind.</summary>
    public abstract CmekRevocationMethod Method { get; }

    /// <summary>ARN of the key or role that is changed.</summary>
    public abstract string Target { get; }

    /// <summary>The change, in words.</summary>
    public abstract string Action { get; }

    /// <summary>What undoes it, in words.</summary>
    public abstract string UndoAction { get; }

    /// <summary>What is added or removed, as JSON.</summary>
    public abstract string Document { get; }

    /// <summary>What is added and removed, as lines for people: the same content as is written.</summary>
    public abstract IReadOnlyList<string> Difference { get; }

    /// <summary>The key that is changed; null for a change of the role.</summary>
    public virtual AwsKeyArn? Key => null;

    /// <summary>The cluster that the change names; null when it names none.</summary>
    public virtual string? ClusterId => null;

    /// <summary>The account that the change names as the cluster's; null when it names none.</summary>
    public virtual string? ClusterAccount => null;

    /// <summary>False for what this module undoes, but never does itself.</summary>
    public virtual bool IsOfRevocation => true;

    /// <summary>Makes the change and reads it back. Making it twice has the effect of once.</summary>
    public abstract Task ApplyAsync(AwsRun run);

    /// <summary>Undoes the change and reads that back. Undoing it twice has the effect of once.</summary>
    public abstract Task UndoAsync(AwsRun run);

    /// <summary>The change as it is shown and recorded.</summary>
    /// <param name="keyUri">The cluster's key that it is planned for.</param>
    public CmekAccessChange ToChange(string keyUri, IReadOnlyList<string> regions, bool isDone) =>
        new()
        {
            Regions = regions,
            KeyUri = keyUri,
            AuthPrincipal = Role.Text,
            Kind = Kind,
            Method = Method,
            Target = Target,
            Action = Action,
            UndoAction = UndoAction,
            Document = Document,
            Difference = Difference,
            State = isDone ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned,
        };

    /// <summary>Reads a change.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid: this module writes no such change.</exception>
    public static AwsAccessChange Parse(CmekAccessChange change)
    {
        if (!Parsers.TryGetValue(change.Kind, out var parse))
            throw Invalid(change, $"AWS has no change of kind '{change.Kind}'");
        if (RoleArn.TryParse(change.AuthPrincipal) is not { } role)
            throw Invalid(change, $"'{change.AuthPrincipal}' is not a role ARN");
        if (change.Document.Length > LongestDocument)
            throw Invalid(change, "it is longer than any policy");
        try
        {
            return parse(change, role);
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw Errors.RecordedChangeInvalid(change.Target, "what was changed is not JSON of its kind", error);
        }
    }

    /// <summary>The error for a change that this module would not have written.</summary>
    protected static CmekException Invalid(CmekAccessChange change, string reason) =>
        Errors.RecordedChangeInvalid(change.Target, reason);

    /// <summary>The key of a change of a key.</summary>
    protected static AwsKeyArn KeyOf(CmekAccessChange change)
    {
        if (AwsKeyArn.TryParse(change.Target) is not { IsAlias: false } key)
            throw Invalid(change, $"'{change.Target}' is not the ARN of a key");
        return change.KeyUri == change.Target
            ? key
            : throw Invalid(change, $"it changes another key than {change.KeyUri}");
    }

    /// <summary>The document of a change.</summary>
    protected static T DocumentOf<T>(CmekAccessChange change)
        where T : JsonNode =>
        JsonNode.Parse(change.Document) as T ?? throw Invalid(change, "it does not contain what was changed");

    /// <summary>Checks that a change is about a role itself.</summary>
    protected static void CheckRole(CmekAccessChange change, RoleArn role)
    {
        if (change.Target != role.Text)
            throw Invalid(change, $"it changes another role than {role}");
        if (change.KeyUri.Length > 0 && AwsKeyArn.TryParse(change.KeyUri) is not { IsAlias: false })
            throw Invalid(change, $"'{change.KeyUri}' is not the ARN of a key");
    }

    /// <summary>Checks that a document is the one that the change would have.</summary>
    protected static AwsAccessChange Checked(CmekAccessChange change, AwsAccessChange parsed) =>
        JsonNode.DeepEquals(JsonNode.Parse(change.Document), JsonNode.Parse(parsed.Document))
            ? parsed
            : throw Invalid(change, "it contains more or other than this module changes");
}

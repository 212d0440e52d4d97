using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// A change of access that this module makes on Google Cloud. Nothing else is written: a record is read into one of
/// these types or refused.
/// </summary>
/// <param name="Account">The service account that loses access, or gets it back.</param>
internal abstract record GcpAccessChange(ServiceAccountEmail Account)
{
    /// <summary>The kind in records.</summary>
    public abstract string Kind { get; }

    /// <summary>The method that it belongs to.</summary>
    public abstract CmekRevocationMethod Method { get; }

    /// <summary>The key; null for what several keys share.</summary>
    public abstract GcpKeyName? Key { get; }

    /// <summary>The resource name of what is changed.</summary>
    public abstract string Target { get; }

    /// <summary>The change, for people.</summary>
    public abstract string Action { get; }

    /// <summary>What undoes it, in words.</summary>
    public abstract string UndoAction { get; }

    /// <summary>What was added or removed, in Google Cloud's JSON.</summary>
    public abstract JsonNode Document { get; }

    /// <summary>What is added and removed, as lines for people: the same content as is written.</summary>
    public abstract IReadOnlyList<string> Difference { get; }

    /// <summary>Takes access away, and reads it back.</summary>
    public abstract Task RevokeAsync(GcpKeyAccessWriter writer);

    /// <summary>Gives access back, and reads it back.</summary>
    public abstract Task RestoreAsync(GcpKeyAccessWriter writer);

    /// <summary>Whether it belongs to a key and identity of a cluster.</summary>
    public virtual bool IsOf(GcpKeyName key, ServiceAccountEmail account) =>
        account == Account && (Key is null || Key == key);

    /// <summary>Why it cannot be a change of the cluster, beside its keys; null when it can.</summary>
    public virtual string? ProblemFor(CrdbCluster cluster) => null;

    /// <summary>The change as the core handles it.</summary>
    public CmekAccessChange ToChange(IReadOnlyList<string> regions, CmekAccessChangeState state) =>
        new()
        {
            Regions = regions,
            KeyUri = Key?.ToString() ?? "",
            AuthPrincipal = Account.Text,
            Kind = Kind,
            Method = Method,
            Target = Target,
            Action = Action,
            UndoAction = UndoAction,
            Document = IamPolicy.Format(Document),
            Difference = Difference,
            State = state,
        };
}

/// <summary>Bindings that are removed from an allow policy. Each has one member.</summary>
internal abstract record GcpBindingsChange(ServiceAccountEmail Account, IReadOnlyList<JsonObject> Bindings)
    : GcpAccessChange(Account)
{
    /// <summary>The kind in records.</summary>
    public const string KindName = "IamBinding";

    public sealed override string Kind => KindName;

    public sealed override string Action =>
        $"Remove the binding of {string.Join(", ", Bindings.Select(b => (string?)b["role"]).Distinct())} for "
        + $"{(string?)Bindings[0]["members"]![0]} from {Target}";

    public sealed override string UndoAction =>
        $"Add the binding of {string.Join(", ", Bindings.Select(b => (string?)b["role"]).Distinct())} for "
        + $"{(string?)Bindings[0]["members"]![0]} to {Target} again";

    public sealed override JsonNode Document => new JsonArray([.. Bindings.Select(b => b.DeepClone())]);

    public sealed override IReadOnlyList<string> Difference =>
        [.. Bindings.Select(b => DifferenceLine.Removed("allow policy", b))];

    /// <summary>What the roles may let a member do.</summary>
    public abstract GcpRolePurpose Purpose { get; }

    public sealed override Task RevokeAsync(GcpKeyAccessWriter writer) => writer.RemoveBindingsAsync(Target, Bindings);

    public sealed override Task RestoreAsync(GcpKeyAccessWriter writer) =>
        writer.AddBindingsAsync(Target, Bindings, Purpose);
}

/// <summary>The account's bindings on a key.</summary>
internal sealed record GcpKeyBindings(ServiceAccountEmail Account, GcpKeyName Name, IReadOnlyList<JsonObject> Bindings)
    : GcpBindingsChange(Account, Bindings)
{
    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveGrant;

    public override GcpKeyName? Key => Name;

    public override string Target => Name.ToString();

    public override GcpRolePurpose Purpose => GcpRolePurpose.UseKey;
}

/// <summary>The account's bindings on a key ring.</summary>
internal sealed record GcpRingBindings(
    ServiceAccountEmail Account,
    GcpRingName Ring,
    IReadOnlyList<JsonObject> Bindings
) : GcpBindingsChange(Account, Bindings)
{
    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveGrant;

    public override GcpKeyName? Key => null;

    public override string Target => Ring.ToString();

    public override GcpRolePurpose Purpose => GcpRolePurpose.UseKey;

    public override bool IsOf(GcpKeyName key, ServiceAccountEmail account) => account == Account && key.Ring == Ring;
}

/// <summary>The bindings of Cockroach Labs' account on the service account.</summary>
/// <param name="Account">The service account.</param>
/// <param name="Trusted">The member: the account of Cockroach Labs.</param>
/// <param name="Bindings">Its bindings.</param>
internal sealed record GcpTrustBindings(ServiceAccountEmail Account, string Trusted, IReadOnlyList<JsonObject> Bindings)
    : GcpBindingsChange(Account, Bindings)
{
    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveTrust;

    public override GcpKeyName? Key => null;

    public override string Target => Account.Resource;

    public override GcpRolePurpose Purpose => GcpRolePurpose.ActAsAccount;

    /// <summary>
    /// Anybody can name an account as Cockroach Labs names theirs, so without the cluster's project nothing is sure.
    /// </summary>
    public override string? ProblemFor(CrdbCluster cluster) =>
        cluster.AccountId.Length == 0
            ? "it names an account of Cockroach Labs, and the project of that is known from CockroachDB Cloud only"
        : Trusted != GcpNames.ClusterAccount(cluster).Member
            ? $"it names {Trusted}, which is not the account of Cockroach Labs for {cluster.Name}"
        : null;
}

/// <summary>Versions of a key that are disabled.</summary>
/// <param name="Account">The account that uses the key.</param>
/// <param name="Name">The key.</param>
/// <param name="Versions">The numbers of the versions.</param>
internal sealed record GcpVersionsChange(ServiceAccountEmail Account, GcpKeyName Name, IReadOnlyList<string> Versions)
    : GcpAccessChange(Account)
{
    /// <summary>The kind in records.</summary>
    public const string KindName = "KeyVersions";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.DisableKey;

    public override GcpKeyName? Key => Name;

    public override string Target => Name.ToString();

    public override string Action =>
        Versions.Count == 0
            ? $"Disable no version of {Name}: none is enabled"
            : $"Disable version{(Versions.Count == 1 ? "" : "s")} {string.Join(", ", Versions)} of {Name}, for "
                + "everybody who uses it";

    public override string UndoAction =>
        Versions.Count == 0
            ? $"Enable no version of {Name}: none was disabled"
            : $"Enable version{(Versions.Count == 1 ? "" : "s")} {string.Join(", ", Versions)} of {Name}";

    public override JsonNode Document => new JsonArray([.. Versions.Select(v => (JsonNode)Name.Version(v))]);

    public override IReadOnlyList<string> Difference =>
        [.. Versions.SelectMany(v => DifferenceLine.Changed($"version {v}", "state", "ENABLED", "DISABLED"))];

    public override Task RevokeAsync(GcpKeyAccessWriter writer) => writer.DisableVersionsAsync(Name, Versions);

    public override Task RestoreAsync(GcpKeyAccessWriter writer) => writer.EnableVersionsAsync(Name, Versions);
}

/// <summary>Versions of a key that are to be destroyed. The module never does that, and can stop it.</summary>
internal sealed record GcpDestructionChange(
    ServiceAccountEmail Account,
    GcpKeyName Name,
    IReadOnlyList<string> Versions
) : GcpAccessChange(Account)
{
    /// <summary>The kind. No record has it, because no revocation does it.</summary>
    public const string KindName = "KeyVersionsScheduledForDestruction";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.Default;

    public override GcpKeyName? Key => Name;

    public override string Target => Name.ToString();

    public override string Action =>
        $"Schedule version{(Versions.Count == 1 ? "" : "s")} {string.Join(", ", Versions)} of {Name} for destruction";

    public override string UndoAction =>
        $"Restore version{(Versions.Count == 1 ? "" : "s")} {string.Join(", ", Versions)} of {Name}, and enable "
        + $"{(Versions.Count == 1 ? "it" : "them")}";

    public override JsonNode Document => new JsonArray([.. Versions.Select(v => (JsonNode)Name.Version(v))]);

    public override IReadOnlyList<string> Difference =>
        [.. Versions.SelectMany(v => DifferenceLine.Changed($"version {v}", "state", "ENABLED", "DESTROY_SCHEDULED"))];

    public override Task RevokeAsync(GcpKeyAccessWriter writer) =>
        throw GcpErrors.ChangeMalformed(Target, "this module never schedules a key for destruction");

    public override Task RestoreAsync(GcpKeyAccessWriter writer) => writer.RescueVersionsAsync(Name, Versions);
}

/// <summary>The service account is disabled, and with it every token that was issued for it.</summary>
internal sealed record GcpAccountChange(ServiceAccountEmail Account) : GcpAccessChange(Account)
{
    /// <summary>The kind in records.</summary>
    public const string KindName = "ServiceAccountState";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.DisableIdentity;

    public override GcpKeyName? Key => null;

    public override string Target => Account.Resource;

    public override string Action => $"Disable the service account {Account}, for everything that acts as it";

    public override string UndoAction => $"Enable the service account {Account}";

    public override JsonNode Document => new JsonObject { ["disabled"] = true };

    public override IReadOnlyList<string> Difference =>
        DifferenceLine.Changed("service account", "disabled", false, true);

    public override Task RevokeAsync(GcpKeyAccessWriter writer) => writer.DisableAccountAsync(Account);

    public override Task RestoreAsync(GcpKeyAccessWriter writer) => writer.EnableAccountAsync(Account);
}

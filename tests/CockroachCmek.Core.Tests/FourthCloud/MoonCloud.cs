using System.Collections.Concurrent;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.FourthCloud;

/// <summary>A cloud that no other code knows: its folder is this file, its row is in the test's own table.</summary>
internal sealed class MoonCloud : ICustomerCloud
{
    /// <summary>The state of the cloud: the versions of each key, and who may use it.</summary>
    public ConcurrentDictionary<string, MoonKey> Keys { get; } = new();

    /// <summary>How many requests wrote something.</summary>
    public int Requests { get; set; }

    /// <summary>Keys whose grants nobody may read.</summary>
    public ConcurrentDictionary<string, CmekErrorKind> Unreadable { get; } = new();

    /// <summary>Keys whose KMS does not respond, each with what ends the wait for it.</summary>
    public ConcurrentDictionary<string, Task> Silent { get; } = new();

    /// <summary>Keys whose KMS responds late, each with what it waits for.</summary>
    public ConcurrentDictionary<string, Task> Late { get; } = new();

    /// <summary>What a search for keys waits for.</summary>
    public Task SearchEnds { get; set; } = Task.CompletedTask;

    /// <summary>Called with each key before its grant is changed.</summary>
    public Action<string> Changing { get; set; } = _ => { };

    /// <summary>Keys whose grants nobody may change.</summary>
    public ConcurrentDictionary<string, CmekErrorKind> Unchangeable { get; } = new();

    /// <summary>Copies of keys in places that no cluster uses.</summary>
    public ConcurrentBag<CmekRegionSpec> Copies { get; } = [];

    /// <summary>The clusters that keys are marked for.</summary>
    public Dictionary<string, ClusterMark> Marks { get; } = [];

    /// <summary>What the logs show of the use of keys; a key that is missing has no logs.</summary>
    public ConcurrentDictionary<string, KeyUsage> Usage { get; } = new();

    /// <summary>What happened to keys.</summary>
    public ConcurrentBag<KeyEvent> Events { get; } = [];

    /// <summary>Whether keys can be disabled, which nobody can forbid.</summary>
    public bool CanDisable { get; set; }

    public string Provider => "MOON";

    public string DisplayName => "Moon";

    public string KeyType => "MOON_KMS";

    public bool NeedsOrganizationId => false;

    public IReadOnlyCollection<string> RoleOptions { get; } = [];

    public IReadOnlyCollection<string> KeyOptions { get; } = ["Crater"];

    public IReadOnlyCollection<string> PolicyOptions { get; } = [];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; } =
    [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey];

    public IReadOnlyList<CmekRevocationMethod> DefaultRevocation => RevocationMethods;

    /// <summary>What outlasts the removal of a grant; null for nothing.</summary>
    public string? Outlasting { get; set; }

    public string? WhatOutlasts(CmekRevocationMethod method) =>
        method == CmekRevocationMethod.RemoveGrant ? Outlasting : null;

    public IVaultTarget? VaultTarget => null;

    public string KeyLocationRemedy => "New-CrdbCmekKey";

    public KeyUri? ParseKeyUri(string text) =>
        text.Split(':') is ["moon", { Length: > 0 } region, _] ? KeyUri.Of(text, KeyType, region)
        : text.StartsWith("moon:", StringComparison.Ordinal) ? KeyUri.Malformed(text, "it is not moon:<region>:<key>")
        : null;

    public string? PrincipalProblem(string authPrincipal, CrdbCluster cluster) =>
        authPrincipal.StartsWith("astronaut/", StringComparison.Ordinal) ? null : "it is not astronaut/<name>";

    /// <summary>Clusters, by name, whose identity is not what their keys name.</summary>
    public Dictionary<string, string> Identities { get; } = [];

    public string IdentityOf(CrdbCluster cluster, string authPrincipal) =>
        Identities.GetValueOrDefault(cluster.Name, authPrincipal);

    public string? SeparationProblem(KeyUri key, string authPrincipal, CrdbCluster cluster) => null;

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) => null;

    public bool Serves(string location, string region) => location == region;

    public bool LacksAdvancedSecurity(CrdbCluster cluster) => false;

    public CmekAccessChange VerifyChange(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    ) =>
        change.Kind == "MoonGrant"
        && (keys.Count == 0 || keys.Any(k => k.KeyUri == change.Target && k.AuthPrincipal == change.AuthPrincipal))
            ? change with
            {
                Action = $"Take {change.Target} from {change.AuthPrincipal}",
            }
            : throw Errors.RevocationFileInvalid(change.Target, "it is not a change on the Moon");

    public IEnumerable<Suggestion> Suggest(string parameter, SeenNames seen) =>
        parameter == "Crater" ? [new Suggestion("Tycho", "a crater")] : [];

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) => new MoonProvider(this);
}

/// <summary>A key of the fourth cloud.</summary>
internal sealed record MoonKey(DateTimeOffset CreatedAt, string? GrantedTo);

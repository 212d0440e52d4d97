namespace CockroachCmek.Core.Keys;

/// <summary>
/// One cloud that can hold a customer's keys: everything that differs between the clouds, behind one interface. Each
/// cloud has one folder with its implementation and one row in the table of clouds. Core's other folders name no
/// cloud.
/// </summary>
internal interface ICustomerCloud
{
    /// <summary>The cloud's name in CockroachDB Cloud's API: <see cref="CrdbCluster.CloudProvider"/>.</summary>
    string Provider { get; }

    /// <summary>The cloud's name for people, for example Google Cloud.</summary>
    string DisplayName { get; }

    /// <summary>The type of its keys in a manifest, for example AWS_KMS.</summary>
    string KeyType { get; }

    /// <summary>True when an identity cannot be created without the organization's id.</summary>
    bool NeedsOrganizationId { get; }

    /// <summary>Parameters of New-CrdbCmekRole that this cloud supports, beside those that every cloud does.</summary>
    IReadOnlyCollection<string> RoleOptions { get; }

    /// <summary>Parameters of New-CrdbCmekKey that this cloud supports, beside those that every cloud does.</summary>
    IReadOnlyCollection<string> KeyOptions { get; }

    /// <summary>
    /// Parameters of Get-CrdbCmekKeyPolicy that this cloud supports, beside those that every cloud does.
    /// </summary>
    IReadOnlyCollection<string> PolicyOptions { get; }

    /// <summary>How access can be revoked; the first is the default.</summary>
    IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; }

    /// <summary>
    /// The methods of -Method Default, in order: the next is tried on a key on which one is refused for good.
    /// </summary>
    IReadOnlyList<CmekRevocationMethod> DefaultRevocation { get; }

    /// <summary>
    /// What lets the identity use the keys for a while after a method has taken effect, as a sentence: tokens that were
    /// issued before. Null where nothing does.
    /// </summary>
    string? WhatOutlasts(CmekRevocationMethod method);

    /// <summary>What HashiCorp Vault needs to know to distribute keys to this cloud; null where it cannot.</summary>
    IVaultTarget? VaultTarget { get; }

    /// <summary>Reads a key URI; null when the text has nothing in common with this cloud's URIs.</summary>
    KeyUri? ParseKeyUri(string text);

    /// <summary>
    /// Why a text cannot be the identity through which the cluster uses a key of this cloud: its form is wrong, or it
    /// is
    /// an identity of Cockroach Labs' own. Null when neither is so. Asks nothing of a cloud.
    /// </summary>
    string? PrincipalProblem(string authPrincipal, CrdbCluster cluster);

    /// <summary>
    /// What tells a cluster's identity from that of others: two clusters share an identity when it is the same text.
    /// </summary>
    string IdentityOf(CrdbCluster cluster, string authPrincipal);

    /// <summary>
    /// Why the cluster can never use a key through an identity, whatever their policies say: they are in parts of the
    /// cloud that are separated from each other. Null when nothing separates them. Asks nothing of a cloud.
    /// </summary>
    string? SeparationProblem(KeyUri key, string authPrincipal, CrdbCluster cluster);

    /// <summary>What to know about a key and an identity that do not belong together; null when they do.</summary>
    string? KeyAccountProblem(KeyUri key, string authPrincipal);

    /// <summary>
    /// True when a key in <paramref name="location"/> is as close to the region's nodes as a key can be.
    /// </summary>
    bool Serves(string location, string region);

    /// <summary>The next command for a key that is in another region than the nodes.</summary>
    string KeyLocationRemedy { get; }

    /// <summary>True when the cluster is known to lack advanced security features.</summary>
    bool LacksAdvancedSecurity(CrdbCluster cluster);

    /// <summary>
    /// A change of access that was read from a record, made safe: its content is one that this module writes, for a key
    /// and an identity of the cluster, and <see cref="CmekAccessChange.Action"/> is made from the content, never taken
    /// from the file. Calls nothing.
    /// </summary>
    /// <param name="change">The change as it was read.</param>
    /// <param name="cluster">The cluster that the record belongs to.</param>
    /// <param name="keys">
    /// The cluster's keys and identities, as CockroachDB Cloud or a manifest names them; empty when neither is at hand,
    /// so that only the change itself can be judged.
    /// </param>
    /// <exception cref="CmekException">
    /// RevocationFileInvalid: an unknown kind, a foreign target, another content.
    /// </exception>
    CmekAccessChange VerifyChange(CmekAccessChange change, CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> keys);

    /// <summary>
    /// Values to offer for a parameter that this cloud supports, and for the -Region of a new region, known without a
    /// call: constants, the files of the cloud's own tools on this machine, and what was seen.
    /// </summary>
    IEnumerable<Suggestion> Suggest(string parameter, SeenNames seen);

    /// <summary>Connects with the session's settings. Nothing is sent or read before the first call.</summary>
    /// <param name="options">Parameters of Connect-CrdbCloud; each cloud reads its own.</param>
    /// <param name="sandbox">
    /// The clouds of the sandbox that the session is connected to; null for the real clouds.
    /// </param>
    ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox);
}

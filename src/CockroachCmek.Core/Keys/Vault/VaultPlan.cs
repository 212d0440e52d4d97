namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key to create and distribute, or to complete where an earlier run ended.</summary>
/// <param name="Entry">The entry as it exists, or as it is to be created.</param>
/// <param name="Found">The key as it exists; null for a new one.</param>
internal sealed record VaultPlan(
    string KeyName,
    string Type,
    string Purpose,
    string EntryName,
    VaultEntry Entry,
    VaultCollection Collection,
    FoundVaultKey? Found
)
{
    /// <summary>
    /// Credentials to write to the entry, possibly none for a new one; null to leave the entry as it is.
    /// </summary>
    public IReadOnlyDictionary<string, string>? NewCredentials { get; init; }

    public bool EntryExists { get; init; }

    public string Protection { get; init; } = "hsm";

    /// <summary>True when the key replaces another one. It can be deleted until it is recorded as in force.</summary>
    public bool IsReplacement { get; init; }

    /// <summary>True when nothing is left to write in Vault.</summary>
    public bool IsDistributed => Found?.Copy is not null;

    /// <summary>What the plan is about to do, for a question or for -WhatIf.</summary>
    public string Describe(string mount, string authPrincipal)
    {
        var verb = Found is null
            ? $"Create {Type} key {mount}/{KeyName}, distribute it"
            : $"Distribute key {mount}/{KeyName}";
        var through =
            NewCredentials is null ? ""
            : EntryExists ? $" through the entry {EntryName}, which gets the given credentials,"
            : $" through the new entry {EntryName}";
        return $"{verb} to {Entry.Provider} {Entry.KeyCollection}{through} and grant it to {authPrincipal}";
    }

    /// <summary>The paths below /v1/ that the plan writes.</summary>
    public IEnumerable<string> Paths(string mount)
    {
        if (IsDistributed)
            yield break;
        if (NewCredentials is not null)
            yield return $"{mount}/kms/{EntryName}";
        if (Found is null || IsReplacement)
            yield return $"{mount}/key/{KeyName}";
        yield return $"{mount}/kms/{EntryName}/key/{KeyName}";
    }
}

using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>What the cluster's application may do with a key, and what that was concluded from.</summary>
/// <param name="Reading">What was read.</param>
/// <param name="Answer">The verdict, in the terms that all clouds share.</param>
/// <param name="IsNarrowed">
/// True when a grant of something that CMEK needs has a condition, and no other grants it without one.
/// </param>
/// <param name="ReachesData">
/// Whether the application can wrap or unwrap, even if something that CMEK needs is missing.
/// </param>
internal sealed record AzureAccess(AzureKeyReading Reading, KeyAccess Answer, bool IsNarrowed, Known ReachesData)
{
    public CmekAccessVerdict Verdict => Answer.Verdict;

    public AzureKeyVault KeyVault => Reading.KeyVault;

    public string PrincipalId => Reading.PrincipalId;

    /// <summary>
    /// True when something that CMEK needs is not granted, as far as was read. A Deny is no such gap.
    /// </summary>
    public bool NeedsGrant =>
        Verdict == CmekAccessVerdict.NotGranted || (Verdict == CmekAccessVerdict.Unknown && Answer.Missing.Count > 0);

    /// <summary>What is not known for sure, and the command that finds it out; null for a certain verdict.</summary>
    public string? Doubt => Answer.Uncertainty() is { } text ? $"{text} To find out, run {VerifyCommand}" : null;

    /// <summary>Shows what decides the access, or what could not be read.</summary>
    public string VerifyCommand =>
        Answer.Unread.Count > 0 && Verdict == CmekAccessVerdict.Unknown
            ? Answer.Unread[0].Command
            : $"az role assignment list --assignee {ShellQuote.PowerShell(PrincipalId)} --include-groups "
                + "--include-inherited "
                + $"--scope {ShellQuote.PowerShell(KeyVault.Id)} "
                + "--query \"[].{role:roleDefinitionName,scope:scope,condition:condition}\"";

    /// <summary>
    /// Why a key must not be used or granted as it is, before anything is written; null when nothing is in the way.
    /// </summary>
    /// <param name="grants">A missing grant will be added.</param>
    public CmekException? Problem(AzureKeyId key, bool grants) =>
        Verdict switch
        {
            CmekAccessVerdict.Denied => AzureErrors.KeyUseDenied(key, Answer),
            _ when grants && IsNarrowed => AzureErrors.KeyGrantNarrowed(key, Answer),
            CmekAccessVerdict.NotGranted when !grants => AzureErrors.KeyNotGranted(key, Answer),
            _ => null,
        };
}

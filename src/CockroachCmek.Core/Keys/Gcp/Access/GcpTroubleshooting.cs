using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// Asks Policy Troubleshooter about access that could not be decided. It answers for any account, and is itself limited
/// to what the caller may see.
/// </summary>
internal sealed class GcpTroubleshooting(GcpClients clients, GcpCalls calls)
{
    /// <summary>The access with Policy Troubleshooter's verdict; unchanged when it does not know either.</summary>
    /// <param name="access">The access, Unknown so far.</param>
    /// <param name="account">The account that was asked about.</param>
    /// <param name="resource">The full resource name.</param>
    /// <param name="permissions">What the account needs.</param>
    public async Task<KeyAccess> DecideAsync(
        KeyAccess access,
        ServiceAccountEmail account,
        string resource,
        IReadOnlyList<string> permissions
    )
    {
        GcpAccessExplanation[] answers;
        try
        {
            answers = await Task.WhenAll(
                permissions.Select(p =>
                    calls.ReadAsync("PolicyTroubleshooter", "iam.troubleshoot", resource, c =>
                        clients.Troubleshooter.TroubleshootAsync(account.Text, resource, p, c)
                    )
                )
            );
        }
        catch (GcpException error) when (error.Code != 401)
        {
            calls.Context.Host.Verbose($"Policy Troubleshooter cannot be asked: {error.Message}");
            return access;
        }

        var missing = permissions.Where((_, i) => answers[i].OverallAccessState == "CANNOT_ACCESS").ToList();
        if (missing.Count > 0)
            return access with
            {
                Verdict = answers.Any(a => a.IsDenied) ? CmekAccessVerdict.Denied : CmekAccessVerdict.NotGranted,
                Missing = missing,
                Denials = answers.Any(a => a.IsDenied)
                    ? [$"a deny policy denies {string.Join(", ", missing)}, as Policy Troubleshooter reports"]
                    : [],
            };
        return answers.All(a => a.OverallAccessState == "CAN_ACCESS")
            ? access with
            {
                Verdict = CmekAccessVerdict.Granted,
            }
            : access;
    }
}

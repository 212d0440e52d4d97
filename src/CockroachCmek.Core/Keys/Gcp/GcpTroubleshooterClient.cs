using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What Policy Troubleshooter says about one permission of one account, with the API's own names.</summary>
/// <param name="OverallAccessState">CAN_ACCESS, CANNOT_ACCESS, UNKNOWN_INFO or UNKNOWN_CONDITIONAL.</param>
/// <param name="DenyPolicyExplanation">What the deny policies say.</param>
internal sealed record GcpAccessExplanation(string? OverallAccessState, GcpDenyExplanation? DenyPolicyExplanation)
{
    /// <summary>True when a deny policy is why the account has no access.</summary>
    public bool IsDenied => DenyPolicyExplanation?.DenyAccessState == "DENY_ACCESS_STATE_DENIED";
}

/// <summary>What the deny policies say about one permission.</summary>
internal sealed record GcpDenyExplanation(string? DenyAccessState);

/// <summary>Policy Troubleshooter, which may see policies that the caller cannot read one by one.</summary>
internal interface IGcpTroubleshooter
{
    /// <param name="principal">The address of a service account.</param>
    /// <param name="fullResourceName">For example //cloudkms.googleapis.com/projects/….</param>
    /// <param name="permission">For example cloudkms.cryptoKeyVersions.useToDecrypt.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    Task<GcpAccessExplanation> TroubleshootAsync(
        string principal,
        string fullResourceName,
        string permission,
        CancellationToken cancellationToken
    );
}

/// <summary>Policy Troubleshooter v3 over REST. Source of path and fields: the discovery document.</summary>
internal sealed class GcpTroubleshooterClient(GcpRest rest) : IGcpTroubleshooter
{
    public Task<GcpAccessExplanation> TroubleshootAsync(
        string principal,
        string fullResourceName,
        string permission,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<GcpAccessExplanation>(
            HttpMethod.Post,
            "v3/iam:troubleshoot",
            new JsonObject
            {
                ["accessTuple"] = new JsonObject
                {
                    ["principal"] = principal,
                    ["fullResourceName"] = fullResourceName,
                    ["permission"] = permission,
                },
            },
            cancellationToken
        );
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Where AWS accepted one set of credentials. A region that the account has not enabled responds like one that gets a
/// wrong access key; only that another region accepts the same credentials tells them apart.
/// </summary>
/// <param name="sts">STS of a region, with these credentials.</param>
internal sealed class AwsCredentialUse(Func<string, IAmazonSecurityTokenService> sts)
{
    private static readonly ConditionalWeakTable<Exception, Origin> Origins = new();

    private readonly ConcurrentDictionary<string, bool> _acceptedIn = new();

    /// <summary>Notes which calls of a client are accepted, and where an error comes from.</summary>
    public T Watch<T>(T client, string region)
        where T : AmazonServiceClient
    {
        client.AfterResponseEvent += (_, _) => _acceptedIn[region] = true;
        client.ExceptionEvent += (_, e) =>
        {
            if (e is WebServiceExceptionEventArgs { Exception: { } error })
                Origins.GetValue(error, _ => new Origin(this, region));
        };
        return client;
    }

    /// <summary>The region that is not enabled, when <see cref="FindOutAsync"/> found that out; else null.</summary>
    public static string? RegionNotEnabled(Exception error) =>
        Origins.TryGetValue(error, out var origin) && origin.IsNotEnabled ? origin.Region : null;

    /// <summary>Finds out whether credentials that a region does not know are accepted elsewhere.</summary>
    public static async Task FindOutAsync(Exception error, CancellationToken cancellationToken)
    {
        if (Origins.TryGetValue(error, out var origin))
            origin.IsNotEnabled = await origin.Use.IsAcceptedOutsideAsync(origin.Region, cancellationToken);
    }

    /// <summary>Every account has the region in which IAM is.</summary>
    private async Task<bool> IsAcceptedOutsideAsync(string region, CancellationToken cancellationToken)
    {
        if (_acceptedIn.Keys.Any(r => r != region))
            return true;
        var home = AwsPartition.OfRegion(region).IamSigningRegion;
        if (home == region)
            return false;
        try
        {
            await sts(home).GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellationToken);
            return true;
        }
        catch (Exception error) when (error is AmazonServiceException or AmazonClientException)
        {
            return false;
        }
    }

    private sealed class Origin(AwsCredentialUse use, string region)
    {
        public AwsCredentialUse Use { get; } = use;

        public string Region { get; } = region;

        public bool IsNotEnabled { get; set; }
    }
}

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Allow policies of keys, key rings and service accounts. A policy is written whole: read, changed, and sent back
/// with its etag, which Google Cloud refuses when something else changed the policy in between.
/// </summary>
internal sealed class GcpPolicies(GcpClients clients, GcpCalls calls)
{
    /// <summary>How long a new service account may be unknown. Terraform's provider waits about as long.</summary>
    public static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    /// <summary>Time between two polls.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private static readonly Settling Conflicts = new()
    {
        Rounds = 10,
        IsConflict = e => e is GcpException { Status: "ABORTED" },
    };

    /// <summary>The policy of a resource.</summary>
    public Task<IamPolicy> ReadAsync(string resource)
    {
        var (service, api) = ApiOf(resource);
        return calls.ReadAsync(service, "getIamPolicy", resource, c => api.GetIamPolicyAsync(resource, c));
    }

    /// <summary>Changes a policy; false when nothing had to be written.</summary>
    /// <param name="resource">Resource name of a key, key ring or service account.</param>
    /// <param name="change">Changes the policy it is given; false when the policy is as wanted already.</param>
    /// <param name="isPropagating">
    /// Refusals because something created moments ago is not known everywhere yet. Default: none.
    /// </param>
    public async Task<bool> ChangeAsync(
        string resource,
        Func<IamPolicy, bool> change,
        Func<GcpException, bool>? isPropagating = null
    )
    {
        var (service, api) = ApiOf(resource);
        var policy = await RetryUntilPropagatedAsync(() => ReadAsync(resource), isPropagating);
        if (!change(policy))
            return false;
        await calls.SettleAsync(
            $"setIamPolicy {resource}",
            () =>
                RetryUntilPropagatedAsync(
                    () =>
                        calls.WriteAsync(service, "setIamPolicy", resource, c =>
                            api.SetIamPolicyAsync(resource, policy, c)
                        ),
                    isPropagating
                ),
            async () =>
            {
                policy = await RetryUntilPropagatedAsync(() => ReadAsync(resource), isPropagating);
                return change(policy) ? null : policy;
            },
            Conflicts
        );
        return true;
    }

    /// <summary>Reads a policy until it is as it was written.</summary>
    /// <exception cref="CmekException">BindingNotSeen.</exception>
    public Task ConfirmAsync(string resource, Func<IamPolicy, bool> isAsWritten) =>
        calls.PollUntilAsync(
            async () => isAsWritten(await ReadAsync(resource)),
            Propagation,
            Pause,
            () => GcpErrors.BindingNotSeen(resource)
        );

    /// <summary>
    /// True for the refusal of a member that was created moments ago: 400 "Service account x does not exist."
    /// </summary>
    /// <remarks>Source: magic-modules issue 10813 of terraform-provider-google.</remarks>
    public static bool IsUnknownMember(GcpException error, string account) =>
        error.Code == 400
        && error.Message.IndexOf("does not exist", StringComparison.OrdinalIgnoreCase) >= 0
        && error.Message.IndexOf(account, StringComparison.OrdinalIgnoreCase) >= 0;

    private (string Service, IGcpPolicies Api) ApiOf(string resource) =>
        resource.Contains("/serviceAccounts/") ? ("IAM", clients.Iam) : ("KMS", clients.Kms);

    private Task<IamPolicy> RetryUntilPropagatedAsync(
        Func<Task<IamPolicy>> call,
        Func<GcpException, bool>? isPropagating
    ) =>
        isPropagating is null
            ? call()
            : calls.RetryUntilPropagatedAsync(
                call,
                e => e is GcpException refusal && isPropagating(refusal),
                Propagation,
                Pause
            );
}

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Changes of allow policies: read, change, write back with the etag, and from the beginning where somebody else was faster. A lost answer is settled by
/// the next reading, which finds the change made or not.
/// </summary>
internal sealed class GcpPolicyWriter(GcpCalls calls)
{
    /// <summary>Terraform's provider waits about as long for accounts that were just made.</summary>
    public static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private const int Rounds = 10;

    /// <summary>Makes a change; true when something had to be written.</summary>
    /// <param name="change">Changes the policy that was read; false when there is nothing to change.</param>
    /// <param name="isSettling">Refusals that mean that what was just made is not seen yet.</param>
    public async Task<bool> ChangeAsync(
        IGcpPolicies api,
        string service,
        string resource,
        Func<IamPolicy, bool> change,
        Func<GcpFault, bool> isSettling
    )
    {
        var written = false;
        for (var round = 1; ; round++)
        {
            var policy = await RetryUntilPropagatedAsync(() => ReadAsync(api, service, resource), isSettling);
            if (!change(policy))
                return written;
            try
            {
                await RetryUntilPropagatedAsync(
                    () =>
                        calls.WriteAsync(service, "setIamPolicy", resource, c =>
                            api.SetIamPolicyAsync(resource, policy, c)
                        ),
                    isSettling
                );
                return true;
            }
            catch (GcpFault fault) when (fault.Status == "ABORTED" && round < Rounds)
            {
                calls.Context.Log.Verbose(
                    $"Somebody else changed the policy of {resource} in between; reading it anew."
                );
                await calls.Context.Time.Delay(TimeSpan.FromMilliseconds(500 * round), calls.Context.CancellationToken);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < Rounds)
            {
                calls.Context.Log.Verbose(
                    $"The answer to setIamPolicy of {resource} was lost; looking whether it happened."
                );
                written = true;
            }
        }
    }

    /// <summary>Reads until a policy is as it was written.</summary>
    public Task ConfirmAsync(IGcpPolicies api, string service, string resource, Func<IamPolicy, bool> isSo) =>
        calls.PollUntilAsync(
            async () => isSo(await ReadAsync(api, service, resource)),
            Propagation,
            Pause,
            () => GcpErrors.BindingNotSeen(resource)
        );

    public Task<IamPolicy> ReadAsync(IGcpPolicies api, string service, string resource) =>
        calls.ReadAsync(service, "getIamPolicy", resource, c => api.GetIamPolicyAsync(resource, c));

    /// <summary>A member that was made moments ago: 400 "Service account x does not exist." (terraform-provider-google's magic-modules issue 10813).</summary>
    public static bool IsUnseen(GcpFault fault, string account) =>
        fault.Code == 400
        && fault.Message.IndexOf("does not exist", StringComparison.OrdinalIgnoreCase) >= 0
        && fault.Message.IndexOf(account, StringComparison.OrdinalIgnoreCase) >= 0;

    private Task<T> RetryUntilPropagatedAsync<T>(Func<Task<T>> call, Func<GcpFault, bool> isSettling) =>
        calls.RetryUntilPropagatedAsync(
            call,
            fault => fault is GcpFault answered && isSettling(answered),
            Propagation,
            Pause
        );
}

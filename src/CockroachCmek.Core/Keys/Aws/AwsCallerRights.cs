using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.SecurityToken.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Whether these credentials may make a call, without making it: from the policies of the caller's role, else from
/// iam:SimulatePrincipalPolicy, together with the policy of the key. Policies of the organization, of the session and
/// of a VPC endpoint cannot be read, so a yes is "as far as the account's policies show".
/// </summary>
internal sealed class AwsCallerRights(AwsRun run)
{
    private static readonly Regex SessionForm = new(
        "^arn:(?<partition>aws[a-z-]*):sts::(?<account>[0-9]{12}):assumed-role/(?<role>[^/]+)/",
        RegexOptions.CultureInvariant
    );

    /// <summary>Whether KMS would let the caller do something with a key.</summary>
    public async Task<CallerRight> OnKeyAsync(AwsKeyArn key, string action)
    {
        var caller = await run.GetKeyCallerAsync(key.Region);
        PolicyText policy;
        UnreadPlace? unread = null;
        try
        {
            policy = (await run.Keys.GetPolicyAsync(key.Region, key.ToString())).ToPolicy();
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            const string permission = "kms:GetKeyPolicy";
            policy = new PolicyText([]);
            unread = new UnreadPlace(
                $"the policy of {key}",
                permission,
                AwsCommands.GetKeyPolicy(key.ToString(), key.Region).Needing(permission)
            );
        }

        return await JudgeAsync(
            caller,
            action,
            new Resource(key.ToString(), key.AccountId, key.Region, policy, unread)
        );
    }

    /// <summary>Whether IAM would let the caller do something with a role.</summary>
    public async Task<CallerRight> OnRoleAsync(RoleArn role, string action)
    {
        var partition = AwsPartition.Named(role.Partition);
        var caller = await run.GetCallerAsync(partition.IamSigningRegion);
        if (caller.Account != role.AccountId)
            return new(
                caller.Arn,
                CmekAccessVerdict.NotGranted,
                $"{role} is in account {role.AccountId}, these credentials are of account {caller.Account}",
                $"Connect-CrdbCloud -AwsProfile <profile of account {role.AccountId}>"
            );
        // IAM has no policy on a role that decides who may change it: the account's policies do.
        var ofAccount = new PolicyText([
            new PolicyStatement
            {
                Name = "account",
                IsAllow = true,
                Principals = [PolicyPrincipal.Parse("AWS", partition.Root(role.AccountId))],
                Actions = ["*"],
                Resources = [new PolicyValue("*", [])],
            },
        ]);
        return await JudgeAsync(
            caller,
            action,
            new Resource(role.Text, role.AccountId, partition.IamSigningRegion, ofAccount, null)
        );
    }

    private async Task<CallerRight> JudgeAsync(GetCallerIdentityResponse caller, string action, Resource resource)
    {
        var (subject, policies) = await PoliciesOfAsync(caller, action, resource);
        var judged = new KeyJudge(
            new KeyPolicies
            {
                Key = resource.Policy,
                UnreadKey = resource.Unread,
                Role = policies,
            },
            new JudgedKey(resource.Arn, resource.AccountId, resource.Region, run.Calls.Context.Time.GetUtcNow()),
            subject
        ).Judge([action])[0];
        var name = subject.Arn ?? caller.Arn;
        return judged.Verdict switch
        {
            CmekAccessVerdict.Granted => new(name, judged.Verdict, "", ""),
            CmekAccessVerdict.Denied or CmekAccessVerdict.NotGranted => new(
                name,
                judged.Verdict,
                $"{name} is {(judged.Verdict == CmekAccessVerdict.Denied ? "denied" : "not allowed")} {action} on "
                    + resource.Arn,
                $"Ask an administrator to allow {action} on {resource.Arn} for {name}"
            ),
            _ => new(
                name,
                judged.Verdict,
                $"whether {name} is allowed {action} on {resource.Arn} depends on "
                    + string.Join(", ", judged.Causes.Select(c => c.Text).Distinct()),
                judged.Causes.Select(c => c.Place?.Command).FirstOrDefault(c => c is { Length: > 0 })
                    ?? AwsCommands.Simulate(name, action, resource.Arn)
            ),
        };
    }

    /// <summary>The caller, and what its own policies say about an action.</summary>
    private async Task<(PolicySubject Subject, RolePolicies Policies)> PoliciesOfAsync(
        GetCallerIdentityResponse caller,
        string action,
        Resource resource
    )
    {
        if (caller.Arn == AwsPartition.OfRegion(resource.Region).Root(caller.Account))
            return (PolicySubject.In(caller.Account), Simulated("the root user of the account", "allowed"));
        if (SessionForm.Match(caller.Arn) is { Success: true } session)
        {
            var name = session.Groups["role"].Value;
            if (await TryFindRoleAsync(AwsPartition.Named(session.Groups["partition"].Value), name) is { } role)
            {
                var subject = PolicySubject.Role(role.Arn, caller.Account);
                var read = await run.FindRolePoliciesOnceAsync(RoleArn.Parse(role.Arn));
                return read.Unread.Count == 0 && read.UnreadBoundary is null
                    ? (subject, read)
                    : (subject, await SimulateAsync(role.Arn, action, resource.Arn));
            }

            // Without the role's path its ARN is not known for sure.
            var arn = AwsPartition.Named(session.Groups["partition"].Value).Role(caller.Account, "/", name);
            return (PolicySubject.Role(arn, caller.Account), await SimulateAsync(arn, action, resource.Arn));
        }

        return (
            PolicySubject.Of(PolicyPrincipal.Parse("AWS", caller.Arn)),
            await SimulateAsync(caller.Arn, action, resource.Arn)
        );
    }

    private async Task<IamRole?> TryFindRoleAsync(AwsPartition partition, string name)
    {
        try
        {
            return await run.FindRoleOnceAsync(partition, name);
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return null;
        }
    }

    /// <summary>
    /// What IAM's simulator says. It allows and denies for sure; "implicitDeny" may be a condition that only the real
    /// call fulfils, so it counts as unread.
    /// </summary>
    private async Task<RolePolicies> SimulateAsync(string principal, string action, string resource)
    {
        var place = $"the policies of {principal}";
        var command = AwsCommands.Simulate(principal, action, resource).Needing("iam:SimulatePrincipalPolicy");
        try
        {
            var partition = AwsPartition.Named(principal.Split(':')[1]);
            var decision = await run.Calls.ReadAsync("IAM", "SimulatePrincipalPolicy", principal, c =>
                run.Clients.Iam(partition).SimulatePrincipalPolicyAsync(principal, action, resource, c)
            );
            return decision is "allowed" or "explicitDeny"
                ? Simulated(place, decision)
                : new RolePolicies { Unread = [new UnreadPlace(place, "iam:SimulatePrincipalPolicy", command)] };
        }
        catch (AmazonServiceException error)
            when (AwsCalls.IsDenied(error) || error.ErrorCode is "InvalidAction" or "InvalidInput" or "NoSuchEntity")
        {
            return new RolePolicies { Unread = [new UnreadPlace(place, "iam:SimulatePrincipalPolicy", command)] };
        }
    }

    private static RolePolicies Simulated(string place, string decision) =>
        new()
        {
            Identity =
            [
                new NamedPolicy(
                    place,
                    new PolicyText([
                        new PolicyStatement
                        {
                            Name = place,
                            IsAllow = decision == "allowed",
                            Actions = ["*"],
                            Resources = [new PolicyValue("*", [])],
                        },
                    ])
                ),
            ],
        };

    /// <param name="Policy">Its policy; empty when it could not be read.</param>
    private sealed record Resource(string Arn, string AccountId, string Region, PolicyText Policy, UnreadPlace? Unread);
}

/// <summary>Whether the caller may do something.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Problem">Why not, or why it is not known, as the end of a sentence; empty when it may.</param>
/// <param name="Remedy">The next command; empty when it may.</param>
internal sealed record CallerRight(string Caller, CmekAccessVerdict Verdict, string Problem, string Remedy)
{
    /// <summary>The status of a line of the drill.</summary>
    public CmekCheckStatus Status =>
        Verdict switch
        {
            CmekAccessVerdict.Granted => CmekCheckStatus.Pass,
            CmekAccessVerdict.Denied or CmekAccessVerdict.NotGranted => CmekCheckStatus.Fail,
            _ => CmekCheckStatus.Unknown,
        };
}

using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Key policies are written by several people, and name principals that are new or gone.</summary>
public sealed class AwsPolicyWriteTests : IDisposable
{
    private const string Region = "eu-west-1";
    private const string Account = "200000000001";

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Region);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Deleted_principals_are_named_with_their_statement_before_anything_is_sent()
    {
        var (request, id) = await StaleAsync();
        var before = _world.Now;
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.EnsureKeysAsync(request with { Grant = true }, _world.Context)
        );
        Assert.Equal("KeyPolicyStale", error.ErrorId);
        Assert.Contains($"{id} in 'Of the one who left'", error.Message, StringComparison.Ordinal);
        Assert.Contains("-Grant -RemoveStalePrincipal", error.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain("PutKeyPolicy", _world.OperationsSince(before));
    }

    [Fact]
    public async Task Removing_deleted_principals_removes_exactly_these()
    {
        var (request, id) = await StaleAsync();
        var granted = request with { Grant = true, Options = CloudOptions.None.With("RemoveStalePrincipal", true) };
        var key = Assert.Single(await _world.Provider.EnsureKeysAsync(granted, _world.Context));
        Assert.Equal(CmekOutcome.Updated, key.Outcome);
        Assert.Contains(_world.Log.Questions, q =>
            q.Action.Contains($"{id} in 'Of the one who left'", StringComparison.Ordinal)
        );
        var policy = await _world.PolicyAsync(key.KeyUri);
        Assert.Empty(policy.StalePrincipals);
        Assert.Contains(":root", policy.ToString(), StringComparison.Ordinal);
        Assert.Contains(request.AuthPrincipal, policy.NamedPrincipals);

        var again = Assert.Single(await _world.Provider.EnsureKeysAsync(granted, _world.Context));
        Assert.Equal(CmekOutcome.Existing, again.Outcome);
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    public async Task A_revocation_names_deleted_principals_in_its_plan(CmekRevocationMethod method)
    {
        var keys = await _world.KeysAsync(_cluster);
        await AddStaleAsync(keys[0].KeyUri);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.PlanRevocationAsync(AwsWorld.RevocationOf(keys, method), _world.Context)
        );
        Assert.Equal("KeyPolicyStale", error.ErrorId);
        await _world.Provider.PlanRevocationAsync(
            AwsWorld.RevocationOf(keys, CmekRevocationMethod.DisableKey),
            _world.Context
        );
    }

    [Fact]
    public void An_exception_of_a_Deny_is_not_removed()
    {
        var policy = KeyPolicyDocument.Parse(
            """
            {"Statement":[{"Sid":"D","Effect":"Deny","NotPrincipal":{"AWS":"AROAEXAMPLE"},"Action":"*","Resource":"*"}]}
            """
        );
        Assert.Equal([new StalePrincipal("AROAEXAMPLE", "D", IsRemovable: false)], policy.StalePrincipals);
        Assert.True(policy.WithoutStalePrincipals().IsEquivalentTo(policy));
        var error = AwsErrors.KeyPolicyStale("k", policy.StalePrincipals);
        Assert.DoesNotContain("-RemoveStalePrincipal", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_deleted_principal_of_a_statement_is_removed()
    {
        var policy = KeyPolicyDocument
            .Parse(
                """
                {"Statement":[
                 {"Sid":"A","Effect":"Allow","Principal":{"AWS":["AIDAGONE","arn:aws:iam::200000000001:user/b","AROAGONE"]},
                  "Action":"*","Resource":"*"},
                 {"Sid":"B","Effect":"Allow","Principal":{"AWS":"AROAGONE","Service":"s3.amazonaws.com"},
                  "Action":"*","Resource":"*"}]}
                """
            )
            .WithoutStalePrincipals();
        Assert.Equal(["arn:aws:iam::200000000001:user/b"], policy.NamedPrincipals);
        Assert.Contains("s3.amazonaws.com", policy.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_statement_that_somebody_adds_meanwhile_is_kept()
    {
        var request = await ImportAsync();
        var arn = AwsKeyArn.Parse(request.KeyUris[0]);
        // The first attempt is throttled; somebody else writes before the second.
        using var meanwhile = new OnceHost(_world.Log, "PutKeyPolicy", () => AddAsync(arn, "Of a colleague"));
        _world.Server.Faults.Add(
            new FaultRule
            {
                Pattern = @"TrentService\.PutKeyPolicy",
                Action = FaultAction.Status,
                Status = 429,
            }
        );
        await _world.Provider.EnsureKeysAsync(request, meanwhile.Context(_world.Context));
        var policy = (await _world.PolicyAsync(request.KeyUris[0])).ToString();
        Assert.Contains("Of a colleague", policy, StringComparison.Ordinal);
        Assert.Contains(KeyPolicyDocument.UseSid, policy, StringComparison.Ordinal);
        Assert.Contains(_world.Log.Warnings, w =>
            w.Contains("Somebody else changed the policy", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_statement_that_somebody_adds_during_the_question_is_kept()
    {
        var request = await ImportAsync();
        var arn = AwsKeyArn.Parse(request.KeyUris[0]);
        using var meanwhile = new OnceHost(_world.Log, "question", () => AddAsync(arn, "Of a colleague"));
        await _world.Provider.EnsureKeysAsync(request, meanwhile.Context(_world.Context));
        var policy = (await _world.PolicyAsync(request.KeyUris[0])).ToString();
        Assert.Contains("Of a colleague", policy, StringComparison.Ordinal);
        Assert.Contains(KeyPolicyDocument.UseSid, policy, StringComparison.Ordinal);
        Assert.Single(_world.Log.Warnings, w => w.Contains("Somebody else changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_foreign_change_nothing_is_warned_of()
    {
        await _world.Provider.EnsureKeysAsync(await ImportAsync(), _world.Context);
        Assert.DoesNotContain(_world.Log.Warnings, w => w.Contains("Somebody else", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_principal_that_does_not_exist_is_not_waited_for()
    {
        var request = await ImportAsync() with { AuthPrincipal = $"arn:aws:iam::{Account}:role/nobody" };
        var before = _world.Now;
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.EnsureKeysAsync(request, _world.Context)
        );
        Assert.Equal(("PolicyRefused", CmekErrorKind.InvalidData), (error.ErrorId, error.Kind));
        Assert.Contains("role/nobody", error.Message, StringComparison.Ordinal);
        Assert.Single(_world.OperationsSince(before), o => o == "PutKeyPolicy");
    }

    /// <summary>A key of somebody else, to be granted to the cluster's role.</summary>
    private async Task<KeyRequest> ImportAsync()
    {
        var role = await _world.RoleAsync(_cluster);
        var key = await _world.Kms(Region).CreateKeyAsync(new CreateKeyRequest());
        return AwsWorld.RequestFor(role) with { KeyUris = [key.KeyMetadata.Arn], Grant = true };
    }

    private async Task<(KeyRequest Request, string Id)> StaleAsync()
    {
        var role = await _world.RoleAsync(_cluster);
        var key = await _world.Kms(Region).CreateKeyAsync(new CreateKeyRequest());
        var id = await AddStaleAsync(key.KeyMetadata.Arn);
        return (AwsWorld.RequestFor(role) with { KeyUris = [key.KeyMetadata.Arn] }, id);
    }

    /// <summary>Lets a policy name a role, and deletes the role.</summary>
    private async Task<string> AddStaleAsync(string keyUri)
    {
        const string trust = """
            {"Version":"2012-10-17",
             "Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}
            """;
        var role = await _world.IamAsync("CreateRole", ("RoleName", "left"), ("AssumeRolePolicyDocument", trust));
        await AddAsync(AwsKeyArn.Parse(keyUri), "Of the one who left", $"arn:aws:iam::{Account}:role/left");
        await _world.IamAsync("DeleteRole", ("RoleName", "left"));
        return role.Descendants().Single(e => e.Name.LocalName == "RoleId").Value;
    }

    /// <summary>Adds a statement with the vendor's client, as somebody else would.</summary>
    private async Task AddAsync(AwsKeyArn arn, string sid, string? principal = null)
    {
        var kms = _world.Kms(arn.Region);
        var text = (
            await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = arn.KeyId, PolicyName = "default" })
        ).Policy;
        var policy = JsonNode.Parse(text)!;
        policy["Statement"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["Sid"] = sid,
                    ["Effect"] = "Allow",
                    ["Principal"] = new JsonObject { ["AWS"] = principal ?? $"arn:aws:iam::{Account}:root" },
                    ["Action"] = "kms:DescribeKey",
                    ["Resource"] = "*",
                }
            );
        for (var tries = 0; ; tries++)
            try
            {
                await kms.PutKeyPolicyAsync(
                    new PutKeyPolicyRequest
                    {
                        KeyId = arn.KeyId,
                        PolicyName = "default",
                        Policy = policy.ToJsonString(),
                    }
                );
                return;
            }
            catch (MalformedPolicyDocumentException) when (tries < 50)
            {
                // The role is new.
                await Task.Delay(20);
            }
    }

    /// <summary>Does something once: at the first verbose line of an operation, or at the question.</summary>
    private sealed class OnceHost(IOperationHost inner, string when, Func<Task> action) : IOperationHost, IDisposable
    {
        private int _done;

        public OperationContext Context(OperationContext context) => new(this, context.Time, context.CancellationToken);

        public void Verbose(string message)
        {
            inner.Verbose(message);
            if (message.Contains($" {when} ", StringComparison.Ordinal) && Interlocked.Exchange(ref _done, 1) == 0)
                Task.Run(action).GetAwaiter().GetResult();
        }

        public void Warning(string message) => inner.Warning(message);

        public void Progress(OperationProgress progress) => inner.Progress(progress);

        public void Written(string what, bool isCertain, string? requestId) { }

        public async Task<bool> ConfirmAsync(string target, string change, CancellationToken cancellationToken)
        {
            if (when == "question" && Interlocked.Exchange(ref _done, 1) == 0)
                await action();
            return await inner.ConfirmAsync(target, change, cancellationToken);
        }

        public Task<bool> ConfirmPlanAsync(
            string target,
            IReadOnlyList<PlannedStep> steps,
            string consequence,
            CancellationToken cancellationToken
        ) => inner.ConfirmPlanAsync(target, steps, consequence, cancellationToken);

        public void Dispose() => Assert.Equal(1, _done);
    }
}

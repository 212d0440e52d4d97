using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Keys and roles: adopted, compared, repaired, and used by the sandbox's CockroachDB.</summary>
public sealed class KeyTests
{
    private const string OtherCluster =
        "Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Region us-east-1";

    [Fact]
    public void An_existing_key_is_adopted_once_its_policy_grants_the_role()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"$theirs = {OtherCluster}; $role = New-CrdbCmekRole dev-aws").Succeeds();
        session.Run("$role | New-CrdbCmekKey -KeyUri $theirs.KeyUri").FailsWith("KeyNotGranted");
        Assert.Equal(
            "Updated",
            session.Run("$role | New-CrdbCmekKey -KeyUri $theirs.KeyUri -Grant").Succeeds().Single().Text("Outcome")
        );
        Assert.Equal(
            "Existing",
            session.Run("$role | New-CrdbCmekKey -KeyUri $theirs.Name").Succeeds().Single().Text("Outcome")
        );
        Assert.Equal(
            "ENABLED",
            session
                .Run("$role | New-CrdbCmekKey -KeyUri $theirs.KeyUri | New-CrdbCmekManifest | Enable-CrdbCmek -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        // The first cluster's grant was not touched.
        Assert.Equal("Existing", session.Run(OtherCluster).Succeeds().Single().Text("Outcome"));
    }

    [Fact]
    public void One_multi_region_id_is_found_in_every_region()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$keys = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion; $id = "
                    + "$keys[0].KeyUri -replace '.*/'"
            )
            .Succeeds();
        var adopted = session.Run("New-CrdbCmekRole prod-eu | New-CrdbCmekKey -KeyUri $id").Succeeds().Output;
        Assert.Equal(["eu-west-1", "eu-central-1"], adopted.Select(k => k.Text("Location")));
    }

    [Fact]
    public void A_key_of_another_region_is_taken_with_a_warning()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$key = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds();
        var result = session.Run("New-CrdbCmekRole prod-us | New-CrdbCmekKey -KeyUri $key.KeyUri -Grant").Succeeds();
        Assert.Equal(2, result.Warnings.Count(w => w.Contains("is in us-east-1", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rotation_by_AWS_is_switched_on_when_asked_for()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run("$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 180")
            .Succeeds();
        Assert.Contains(
            "180",
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Operation -eq kms:EnableKeyRotation | ForEach-Object RequestBody"
                )
                .Single()
                .ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "Existing",
            session
                .Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 180")
                .Succeeds()
                .Single()
                .Text("Outcome")
        );
        Assert.Equal(
            "Updated",
            session
                .Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90")
                .Succeeds()
                .Single()
                .Text("Outcome")
        );
    }

    [Fact]
    public void A_role_of_another_cluster_is_never_taken_from_it()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$null = New-CrdbCmekRole prod-us -Name shared").Succeeds();
        foreach (
            var command in new[]
            {
                "New-CrdbCmekRole dev-aws -Name shared",
                "New-CrdbCmekRole dev-aws -Name shared -Update",
            }
        )
        {
            var error = session.Run(command).FailsWith("RoleBelongsToAnother");
            Assert.Contains("'prod-us'", error.ErrorDetails.Message, StringComparison.Ordinal);
            Assert.Contains("-Name", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        }

        Assert.Equal(
            "Existing",
            session.Run("New-CrdbCmekRole prod-us -Name shared").Succeeds().Single().Text("Outcome")
        );
    }

    [Fact]
    public void A_cluster_that_has_CMEK_gets_no_new_key_unless_it_is_named()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run("$before = $sandbox.Exchanges.Count").Succeeds();
        session
            .Run(
                "New-CrdbCmekKey prod-eu-old -AuthPrincipal (Get-CrdbCmek prod-eu-old).Regions[0].Keys[0].AuthPrincipal"
            )
            .FailsWith("CmekAlreadyEnabled");
        session.Run("Get-CrdbCluster prod-eu-old | New-CrdbCmekRole | New-CrdbCmekKey").FailsWith("CmekAlreadyEnabled");
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $before | Where-Object Operation -match '^(Create|Put)'"
                )
                .Output
        );
        var moved = session
            .Run(
                "Get-CrdbCluster prod-eu-old | New-CrdbCmekRole -Name moved | New-CrdbCmekKey -Name moved | "
                    + "New-CrdbCmekManifest | Invoke-CrdbCmekRotation -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal("ENABLED", moved.Text("Status"));
    }

    [Fact]
    public void The_keys_in_force_are_returned_as_they_are()
    {
        using var session = ModuleSession.WithSandbox();
        const string Pipeline = "Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey";
        session.Run(Pipeline + " | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds();
        Assert.All(session.Run(Pipeline).Succeeds().Output, k => Assert.Equal("Existing", k.Text("Outcome")));
    }

    [Fact]
    public void The_policy_for_an_administrator_is_the_one_that_works()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run($"$theirs = {OtherCluster}; $role = New-CrdbCmekRole dev-aws").Succeeds();
        var policy = session.Run("$role | Get-CrdbCmekKeyPolicy -KeyUri $theirs.KeyUri").Succeeds().Single();
        var role = session.Run("$role.AuthPrincipal").Single().ToString();
        Assert.Contains(role, policy.Text("Policy"), StringComparison.Ordinal);
        Assert.Contains(role, policy.Text("Statement"), StringComparison.Ordinal);
        Assert.StartsWith(
            "aws kms put-key-policy --region us-east-1",
            ((IEnumerable<string>)policy.Get("Commands")!).Single(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_checks_of_a_right_manifest_pass_and_of_a_wrong_one_name_the_fault()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                "$manifest = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest; "
                    + "$seen = $sandbox.Exchanges.Count"
            )
            .Succeeds();
        Assert.Equal(true, session.Run("$manifest | Test-CrdbCmekManifest -Quiet").Succeeds().Single().BaseObject);
        Assert.Equal(
            ["Pass"],
            session
                .Run("$manifest | Test-CrdbCmekManifest | ForEach-Object Status")
                .Succeeds()
                .Output.Select(s => s.ToString())
                .Distinct()
        );
        // Read only: of the requests, none is a write.
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Operation -match "
                        + "'Create|Put|Update|Tag[RU]|POST /api|PUT|PATCH'"
                )
                .Output
        );
        Assert.Equal(
            false,
            session.Run("$manifest | Test-CrdbCmekManifest -Cluster flaky-aws -Quiet").Succeeds().Single().BaseObject
        );
        var checks = session
            .Run("$manifest | Test-CrdbCmekManifest -Cluster flaky-aws | Where-Object Status -eq Fail")
            .Succeeds()
            .Output;
        Assert.Equal("ManifestForOtherCluster", Assert.Single(checks).Text("ErrorId"));
    }

    [Theory]
    [InlineData("DisableKey", "{\"KeyId\":\"ID\"}", "KeyDisabled")]
    [InlineData("ScheduleKeyDeletion", "{\"KeyId\":\"ID\",\"PendingWindowInDays\":7}", "KeyPendingDeletion")]
    public void A_key_that_cannot_be_used_is_refused_with_the_command_that_mends_it(
        string operation,
        string body,
        string errorId
    )
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$key = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds();
        SandboxAws.Kms(
            session,
            "us-east-1",
            operation,
            body.Replace("ID", session.Run("$key.KeyUri").Single().ToString(), StringComparison.Ordinal)
        );
        var error = session.Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").FailsWith(errorId);
        Assert.StartsWith("aws kms ", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_would_lock_its_owner_out_is_not_sent()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        // A key whose policy lets this administrator read, and nobody change it.
        var admin = System
            .Text.RegularExpressions.Regex.Match(SandboxAws.Sts(session), "<Arn>(.*?)</Arn>")
            .Groups[1]
            .Value;
        var policy =
            $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{admin}}"},"Action":["kms:Describe*","kms:Get*","kms:List*"],"Resource":"*"}]}""";
        var made = SandboxAws.Kms(
            session,
            "us-east-1",
            "CreateKey",
            System.Text.Json.JsonSerializer.Serialize(new { Policy = policy, BypassPolicyLockoutSafetyCheck = true })
        );
        var arn = System
            .Text.Json.JsonDocument.Parse(made)
            .RootElement.GetProperty("KeyMetadata")
            .GetProperty("Arn")
            .GetString();
        session
            .Run("New-CrdbCmekRole dev-aws | New-CrdbCmekKey -KeyUri $arn -Grant", ("arn", arn))
            .FailsWith("PolicyWouldLockOut");
        Assert.Empty(session.Run("$sandbox.Exchanges | Where-Object Operation -eq kms:PutKeyPolicy").Output);
    }

    [Fact]
    public void A_role_made_anew_is_noticed_in_the_policy_and_granted_again()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$key = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds();
        SandboxAws.Iam(
            session,
            "DeleteRole",
            ("RoleName", session.Run("$key.AuthPrincipal -replace '.*/'").Single().ToString())
        );
        var again = session.Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds().Single();
        Assert.Equal("Updated", again.Text("Outcome"));
        Assert.Equal(
            "ENABLED",
            session
                .Run(
                    "Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                        + "Enable-CrdbCmek -Wait"
                )
                .Succeeds()
                .Single()
                .Text("Status")
        );
    }
}

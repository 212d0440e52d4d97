using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>What the sandbox's AWS refuses, rewrites and delays as AWS does.</summary>
public sealed class AwsHarshnessTests : IAsyncDisposable
{
    private const string Account = "200000000001";

    private const string OpenTrust = """{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}""";

    private readonly AwsTestBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_key_policy_comes_back_pretty_printed_with_accounts_as_root_and_principals_in_changing_order()
    {
        var key = await CreateKeyAsync();
        var policy = $$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:*"],"Resource":"*",
             "Principal":{"AWS":["{{{Account}}}","333333333333","444444444444"]} }]}
            """;
        Assert.Equal(200, (await PutPolicyAsync(key, policy)).Status);
        var first = await ReadPolicyAsync(key);
        Assert.StartsWith("{\n  \"Version\" : \"2012-10-17\",\n", first, StringComparison.Ordinal);
        var statement = JsonNode.Parse(first)!["Statement"]![0]!;
        Assert.Equal("kms:*", (string)statement["Action"]!);
        var second = JsonNode.Parse(await ReadPolicyAsync(key))!["Statement"]![0]!;
        Assert.NotEqual(Principals(statement), Principals(second));
        Assert.Equal(Principals(statement).Order(), Principals(second).Order());
        Assert.Contains($"arn:aws:iam::{Account}:root", Principals(statement));

        _bed.Server.Aws.Settings.RewritesKeyPolicies = false;
        Assert.Equal(policy, await ReadPolicyAsync(key));
    }

    [Theory]
    [InlineData(
        """{"Effect":"Allow","Action":"kms:*","Resource":"*"}""",
        "Policy contains a statement with no principal."
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333333333333:role/*"},"Action":"kms:*"}""",
        "Policy contains a statement with one or more invalid principals."
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333333333333:group/g"},"Action":"kms:*"}""",
        "Policy contains a statement with one or more invalid principals."
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::333333333333:root"},"Action":"kms:*"}""",
        "Policy contains a statement with one or more invalid principals."
    )]
    [InlineData(
        """{"Sid":"a","Effect":"Allow","Principal":"*"},{"Sid":"a","Effect":"Deny","Principal":"*"}""",
        "Statement IDs (SID) in a single policy must be unique."
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"kms:*","Resource":"*"}""",
        "The new key policy will not allow you to update the key policy in the future."
    )]
    public async Task A_key_policy_is_refused_with_the_words_of_AWS(string statements, string message)
    {
        var refused = await PutPolicyAsync(
            await CreateKeyAsync(),
            $$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""
        );
        Assert.Equal(("MalformedPolicyDocumentException", message), (refused.Text("__type"), refused.Text("message")));
    }

    [Fact]
    public async Task A_statement_without_actions_or_resource_is_accepted_and_has_no_effect()
    {
        var policy = $$$"""
            {"Version":"2012-10-17","Statement":[
             {"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"{{{Account}}}"} },
             {"Effect":"Deny","Action":"kms:*","Principal":"*"},{"Effect":"Deny","Resource":"*","Principal":"*"}]}
            """;
        var key = await CreateKeyAsync();
        Assert.Equal(200, (await PutPolicyAsync(key, policy)).Status);
        Assert.Equal(200, (await _bed.KmsAsync("EnableKey", new() { ["KeyId"] = key })).Status);
    }

    [Theory]
    [InlineData("GetKeyPolicy")]
    [InlineData("PutKeyPolicy")]
    [InlineData("EnableKey")]
    [InlineData("DisableKey")]
    [InlineData("EnableKeyRotation")]
    [InlineData("TagResource")]
    [InlineData("ListResourceTags")]
    [InlineData("ListAliases")]
    [InlineData("ListGrants")]
    [InlineData("ScheduleKeyDeletion")]
    public async Task An_alias_is_refused_where_only_ids_and_ARNs_are_taken(string operation)
    {
        var key = await CreateKeyAsync();
        await _bed.KmsAsync("CreateAlias", new() { ["AliasName"] = "alias/a", ["TargetKeyId"] = key });
        var refused = await _bed.KmsAsync(operation, new() { ["KeyId"] = "alias/a" });
        Assert.Equal(
            ("InvalidArnException", "Key Aliases are not supported for this operation."),
            (refused.Text("__type"), refused.Text("message"))
        );
        Assert.Equal(200, (await _bed.KmsAsync("DescribeKey", new() { ["KeyId"] = "alias/a" })).Status);
    }

    [Theory]
    [InlineData("fake", "Invalid keyId 'fake'")]
    [InlineData(
        "12345678-1234-1234-1234-123456789012",
        "Key 'arn:aws:kms:us-east-1:200000000001:key/12345678-1234-1234-1234-123456789012' does not exist"
    )]
    [InlineData("arn:aws:kms:us-west-2:200000000001:key/12345678-1234-1234-1234-123456789012", "Invalid arn us-west-2")]
    public async Task A_missing_key_is_named_as_AWS_names_it(string id, string message)
    {
        var missing = await _bed.KmsAsync("GetKeyPolicy", new() { ["KeyId"] = id });
        Assert.Equal(("NotFoundException", message), (missing.Text("__type"), missing.Text("message")));
    }

    [Theory]
    [InlineData("me-south-1")]
    [InlineData("nowhere-1")]
    [InlineData("us-gov-west-1")]
    public async Task A_region_that_is_not_enabled_answers_as_to_a_wrong_access_key(string region)
    {
        var refused = await _bed.KmsAsync("ListKeys", [], region);
        Assert.Equal(
            (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
            (refused.Status, refused.Text("__type"), refused.Text("message"))
        );
        if (region != "me-south-1")
            return;
        _bed.Server.Aws.Settings.EnableRegion(region);
        Assert.Equal(200, (await _bed.KmsAsync("ListKeys", [], region)).Status);
    }

    [Theory]
    [InlineData("""[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"2"}]""", "Duplicate tag keys")]
    [InlineData("""[{"TagKey":"AWS:a","TagValue":"1"}]""", "Tags beginning with aws: are reserved")]
    public async Task Tags_are_refused_with_the_words_of_KMS(string tags, string message)
    {
        var refused = await _bed.KmsAsync("CreateKey", new() { ["Tags"] = JsonNode.Parse(tags) });
        Assert.Equal(("TagException", message), (refused.Text("__type"), refused.Text("message")));
    }

    [Fact]
    public async Task A_primary_with_replicas_waits_for_the_last_of_them_before_its_own_time_begins()
    {
        var key = await CreateKeyAsync(new() { ["MultiRegion"] = true });
        await _bed.KmsAsync("ReplicateKey", new() { ["KeyId"] = key, ["ReplicaRegion"] = "us-west-2" });
        _bed.Advance(TimeSpan.FromMinutes(2));
        var scheduled = await _bed.KmsAsync("ScheduleKeyDeletion", Deletion(key));
        Assert.Equal("PendingReplicaDeletion", scheduled.Text("KeyState"));
        Assert.False(scheduled.Body.ContainsKey("DeletionDate"));
        _bed.Server.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("PendingReplicaDeletion", (await DescribeAsync(key)).Text("KeyMetadata", "KeyState"));

        var replica = key.Replace("us-east-1", "us-west-2");
        Assert.Equal(200, (await _bed.KmsAsync("ScheduleKeyDeletion", Deletion(replica), "us-west-2")).Status);
        _bed.Server.Clock.Advance(TimeSpan.FromDays(8));
        Assert.Equal("PendingDeletion", (await DescribeAsync(key)).Text("KeyMetadata", "KeyState"));
        _bed.Server.Clock.Advance(TimeSpan.FromDays(8));
        Assert.Equal("NotFoundException", (await DescribeAsync(key)).Text("__type"));
    }

    [Fact]
    public async Task A_key_for_imported_material_waits_for_it_and_takes_a_policy_meanwhile()
    {
        var key = await CreateKeyAsync(new() { ["Origin"] = "EXTERNAL" });
        var metadata = (await DescribeAsync(key)).Body["KeyMetadata"]!;
        Assert.Equal(("PendingImport", false), ((string)metadata["KeyState"]!, (bool)metadata["Enabled"]!));
        Assert.Null(metadata["CurrentKeyMaterialId"]);
        var refused = await _bed.KmsAsync("RotateKeyOnDemand", new() { ["KeyId"] = key });
        Assert.Equal($"{key} is pending import.", refused.Text("message"));
        Assert.Equal(200, (await PutPolicyAsync(key, await ReadPolicyAsync(key))).Status);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_and_says_so()
    {
        var key = await CreateKeyAsync();
        var dry = await _bed.KmsAsync(
            "Encrypt",
            new()
            {
                ["KeyId"] = key,
                ["Plaintext"] = "YQ==",
                ["DryRun"] = true,
            }
        );
        Assert.Equal("DryRunOperationException", dry.Text("__type"));
    }

    [Fact]
    public async Task ReEncrypt_moves_a_ciphertext_to_another_key_with_both_permissions()
    {
        var (one, other) = (await CreateKeyAsync(), await CreateKeyAsync());
        var sealed_ = await _bed.KmsAsync("Encrypt", new() { ["KeyId"] = one, ["Plaintext"] = "YQ==" });
        var moved = await _bed.KmsAsync(
            "ReEncrypt",
            new() { ["CiphertextBlob"] = sealed_.Text("CiphertextBlob"), ["DestinationKeyId"] = other }
        );
        Assert.Equal((one, other), (moved.Text("SourceKeyId"), moved.Text("KeyId")));
        var opened = await _bed.KmsAsync("Decrypt", new() { ["CiphertextBlob"] = moved.Text("CiphertextBlob") });
        Assert.Equal("YQ==", opened.Text("Plaintext"));
    }

    [Fact]
    public async Task A_rotation_on_demand_shows_its_three_signs_one_after_the_other()
    {
        var key = await CreateKeyAsync();
        var first = (await DescribeAsync(key)).Text("KeyMetadata", "CurrentKeyMaterialId");
        Assert.Equal(key, (await _bed.KmsAsync("RotateKeyOnDemand", new() { ["KeyId"] = key })).Text("KeyId"));
        Assert.NotEqual("", (await StatusAsync(key)).Text("OnDemandRotationStartDate"));
        _bed.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("", (await StatusAsync(key)).Text("OnDemandRotationStartDate"));
        var listed = await _bed.KmsAsync("ListKeyRotations", new() { ["KeyId"] = key });
        Assert.Equal("NON_CURRENT", (string)listed.Body["Rotations"]![0]!["KeyMaterialState"]!);
        Assert.Equal(first, (await DescribeAsync(key)).Text("KeyMetadata", "CurrentKeyMaterialId"));
        _bed.Advance(TimeSpan.FromMinutes(1));
        Assert.NotEqual(first, (await DescribeAsync(key)).Text("KeyMetadata", "CurrentKeyMaterialId"));
    }

    [Theory]
    [InlineData(AwsRefusalText.None, "")]
    [InlineData(AwsRefusalText.PolicyType, " with an explicit deny in a service control policy")]
    [InlineData(
        AwsRefusalText.PolicyArn,
        " with an explicit deny in a service control policy: "
            + "arn:aws:organizations::100000000001:policy/o-sandbox0001/service_control_policy/p-sandbox0001"
    )]
    public async Task A_guardrail_of_the_organization_is_named_as_AWS_names_it(AwsRefusalText text, string reason)
    {
        var settings = _bed.Server.Aws.Settings;
        settings.RefusalText = text;
        settings.AddServiceControlPolicy(
            """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:CreateKey","Resource":"*"}]}"""
        );
        var refused = await _bed.KmsAsync("CreateKey", []);
        Assert.Equal(
            $"User: arn:aws:iam::{Account}:user/sandbox-admin is not authorized to perform: kms:CreateKey "
                + $"on resource: *{reason}",
            refused.Text("message")
        );
        settings.ClearOrganizationPolicies();
        Assert.Equal(200, (await _bed.KmsAsync("CreateKey", [])).Status);
    }

    private static JsonObject Deletion(string key) => new() { ["KeyId"] = key, ["PendingWindowInDays"] = 7 };

    private Task<TestResponse> DescribeAsync(string key) => _bed.KmsAsync("DescribeKey", new() { ["KeyId"] = key });

    private Task<TestResponse> StatusAsync(string key) =>
        _bed.KmsAsync("GetKeyRotationStatus", new() { ["KeyId"] = key });

    private Task<TestResponse> PutPolicyAsync(string key, string policy) =>
        _bed.KmsAsync("PutKeyPolicy", new() { ["KeyId"] = key, ["Policy"] = policy });

    private async Task<string> ReadPolicyAsync(string key) =>
        (await _bed.KmsAsync("GetKeyPolicy", new() { ["KeyId"] = key, ["PolicyName"] = "default" })).Text("Policy");

    private async Task<string> CreateKeyAsync(JsonObject? request = null) =>
        (await _bed.KmsAsync("CreateKey", request ?? [])).Text("KeyMetadata", "Arn");

    private static IReadOnlyList<string> Principals(JsonNode statement) =>
        [.. statement["Principal"]!["AWS"]!.AsArray().Select(p => (string)p!)];
}

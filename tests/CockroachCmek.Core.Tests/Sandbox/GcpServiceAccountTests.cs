using System.Text.Json.Nodes;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>IAM: service accounts, their visibility, deletion and policies.</summary>
public sealed class GcpServiceAccountTests : IAsyncDisposable
{
    private const string Accounts = Project + "/serviceAccounts";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_new_account_is_visible_only_after_ten_seconds()
    {
        const string Email = "cmek-user@sandbox-customer.iam.gserviceaccount.com";
        var created = await _gcp.OkAsync(
            "POST",
            Accounts,
            """{"accountId":"cmek-user","serviceAccount":{"displayName":"CMEK"}}"""
        );
        Assert.Equal(Email, (string)created["email"]!);
        foreach (var status in new[] { 404, 403, 404 })
            Assert.Equal(status, (await _gcp.SendAsync("GET", $"{Accounts}/{Email}")).Status);
        await _gcp.CreateKeyAsync();
        var early = await _gcp.SendAsync(
            "POST",
            Key + ":setIamPolicy",
            Policy(EncrypterDecrypter, "serviceAccount:" + Email)
        );
        Assert.Equal("400 INVALID_ARGUMENT", early.Refusal);
        Assert.Equal($"Service account {Email} does not exist.", early.ErrorMessage);
        Assert.Equal("ALREADY_EXISTS", (await _gcp.SendAsync("POST", Accounts, """{"accountId":"cmek-user"}""")).Error);

        _gcp.Advance(TimeSpan.FromSeconds(10));
        await _gcp.OkAsync("GET", $"{Accounts}/{Email}");
        await _gcp.OkAsync("GET", "v1/projects/-/serviceAccounts/" + Email);
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + Email);
        Assert.Equal(Email, (string)(await _gcp.OkAsync("GET", Accounts))["accounts"]![0]!["email"]!);
    }

    [Fact]
    public async Task The_display_name_can_be_changed()
    {
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        await _gcp.OkAsync(
            "PATCH",
            $"{Accounts}/{email}",
            """{"serviceAccount":{"displayName":"Renamed"},"updateMask":"display_name"}"""
        );
        Assert.Equal("Renamed", (string)(await _gcp.OkAsync("GET", $"{Accounts}/{email}"))["displayName"]!);
    }

    [Fact]
    public async Task A_policy_marks_a_deleted_account_and_does_not_mean_a_new_one_of_the_same_name()
    {
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        var id = (string)(await _gcp.OkAsync("GET", $"{Accounts}/{email}"))["uniqueId"]!;
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + email);
        await _gcp.OkAsync("DELETE", $"{Accounts}/{email}");
        var policy = await _gcp.OkAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=3");
        Assert.Equal($"deleted:serviceAccount:{email}?uid={id}", (string)policy["bindings"]![0]!["members"]![0]!);
        var unchanged = new JsonObject { ["policy"] = policy.DeepClone() }.ToJsonString();
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", unchanged);

        await _gcp.CreateServiceAccountAsync("cmek-user");
        Assert.Contains("deleted:", await MemberAsync(), StringComparison.Ordinal);
        var undelete = $"{Accounts}/{id}:undelete";
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", undelete, "{}")).Error);
        await _gcp.OkAsync("DELETE", $"{Accounts}/{email}");
        Assert.Equal(id, (string)(await _gcp.OkAsync("POST", undelete, "{}"))["restoredAccount"]!["uniqueId"]!);
        Assert.Equal("serviceAccount:" + email, await MemberAsync());
    }

    [Fact]
    public async Task Reading_the_policy_of_an_account_is_a_POST_without_a_body()
    {
        var account = $"{Accounts}/{await _gcp.CreateServiceAccountAsync("cmek-user")}";
        await _gcp.BindAsync(account, TokenCreator, "serviceAccount:" + ClusterAccount);
        var policy = await _gcp.OkAsync("POST", account + ":getIamPolicy?options.requestedPolicyVersion=3");
        Assert.Equal(TokenCreator, (string)policy["bindings"]![0]!["role"]!);
        Assert.Equal(
            400,
            (
                await _gcp.SendAsync("POST", account + ":getIamPolicy", """{"options":{"requestedPolicyVersion":3}}""")
            ).Status
        );
    }

    private async Task<string> MemberAsync() =>
        (string)(await _gcp.OkAsync("GET", Key + ":getIamPolicy"))["bindings"]![0]!["members"]![0]!;
}

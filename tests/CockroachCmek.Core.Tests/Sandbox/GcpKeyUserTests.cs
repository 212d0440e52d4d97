using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's CockroachDB uses a customer's key on GCP, and says what keeps it from doing so.</summary>
public sealed class GcpKeyUserTests : GcpClient
{
    private const string User = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    private const string TokenCreator = "roles/iam.serviceAccountTokenCreator";
    private static readonly byte[] StoreKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public async Task A_grant_and_its_removal_count_only_after_their_propagation()
    {
        var (user, request) = await PreparedAsync();
        Assert.Contains("has not taken effect", user.Wrap(request, StoreKey).Refusal, StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromSeconds(60));
        var wrapped = user.Wrap(request, StoreKey);
        Assert.Null(wrapped.Refusal);
        Assert.NotEqual(StoreKey, wrapped.Bytes);
        await OkAsync("POST", Key + ":setIamPolicy", """{"policy":{}}""");
        Assert.Equal(StoreKey, user.Unwrap(request, wrapped.Bytes!).Bytes);
        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains("it needs " + User, user.Unwrap(request, wrapped.Bytes!).Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "POST",
        Key + ":setIamPolicy",
        User,
        "cmek-user",
        "request.time < timestamp(\"2001-01-01T00:00:00Z\")",
        "condition"
    )]
    [InlineData("POST", Key + ":setIamPolicy", User, "cmek-user", "resource.name.startsWith(\"x\")", "condition")]
    [InlineData(
        "POST",
        Key + ":setIamPolicy",
        User,
        "cmek-user",
        "request.time < timestamp(\"2999-01-01T00:00:00Z\")",
        null
    )]
    [InlineData(
        "POST",
        Key + ":setIamPolicy",
        "roles/cloudkms.admin",
        "cmek-user",
        null,
        "cloudkms.cryptoKeyVersions.useToEncrypt"
    )]
    [InlineData(
        "POST",
        Key + ":setIamPolicy",
        "roles/cloudkms.cryptoKeyEncrypter",
        "cmek-user",
        null,
        "cloudkms.cryptoKeyVersions.useToDecrypt"
    )]
    [InlineData("POST", Key + ":setIamPolicy", User, Cockroach, null, "cloudkms.cryptoKeyVersions.useToEncrypt")]
    [InlineData(
        "POST",
        Account + ":setIamPolicy",
        "roles/iam.serviceAccountUser",
        Cockroach,
        null,
        "it needs " + TokenCreator
    )]
    [InlineData(
        "POST",
        Account + ":setIamPolicy",
        TokenCreator,
        "cmek-user",
        null,
        "iam.serviceAccounts.getAccessToken"
    )]
    [InlineData("POST", Account + ":disable", null, null, null, "is disabled")]
    [InlineData("DELETE", Account, null, null, null, "does not exist")]
    [InlineData("POST", Key + "/cryptoKeyVersions/1:destroy", null, null, null, "DESTROY_SCHEDULED")]
    [InlineData("POST", Ring + ":setIamPolicy", "roles/cloudkms.viewer", "cmek-user", null, null)]
    public async Task What_is_missing_is_named(
        string method,
        string path,
        string? role,
        string? member,
        string? condition,
        string? says
    )
    {
        var (user, request) = await PreparedAsync();
        var email = member == "cmek-user" ? request.AuthPrincipal : member;
        await OkAsync(
            method,
            path,
            role is null
                ? method == "POST"
                    ? "{}"
                    : null
                : Policy(role, "serviceAccount:" + email, condition, version: 3)
        );
        Time.Advance(TimeSpan.FromSeconds(60));
        if (says is null)
            Assert.Null(user.Wrap(request, StoreKey).Refusal);
        else
            Assert.Contains(says, user.Wrap(request, StoreKey).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_on_the_ring_or_the_project_is_enough()
    {
        var (user, request) = await PreparedAsync();
        await OkAsync("POST", Key + ":setIamPolicy", """{"policy":{}}""");
        await OkAsync(
            "POST",
            Ring + ":setIamPolicy",
            Policy("roles/cloudkms.cryptoKeyEncrypter", "serviceAccount:" + request.AuthPrincipal)
        );
        await OkAsync(
            "POST",
            Project + ":setIamPolicy",
            Policy("roles/cloudkms.cryptoKeyDecrypter", "serviceAccount:" + request.AuthPrincipal)
        );
        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(user.Wrap(request, StoreKey).Refusal);
    }

    [Fact]
    public async Task Names_that_lead_nowhere_are_named()
    {
        var (user, request) = await PreparedAsync();
        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains(
            "without a version",
            user.Wrap(request with { Uri = request.Uri + "/cryptoKeyVersions/1" }, StoreKey).Refusal,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "does not exist",
            user.Wrap(request with { Uri = request.Uri + "x" }, StoreKey).Refusal,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "does not exist",
            user.Wrap(
                request with
                {
                    AuthPrincipal = "nobody@sandbox-customer.iam.gserviceaccount.com",
                },
                StoreKey
            ).Refusal,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "getAccessToken",
            user.Wrap(
                request with
                {
                    ClusterId = request.ClusterId.Replace("abcd", "abce", StringComparison.Ordinal),
                },
                StoreKey
            ).Refusal,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Everything_right_from_the_start_lets_a_cluster_enable_CMEK_and_wrap_with_a_key_of_its_own()
    {
        var cluster = Server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        var spec = Server.Gcp.SeedKey(cluster.Name, cluster.Id, cluster.AccountId, "us-east4");
        Assert.Equal(
            spec.AuthPrincipal,
            Server.Gcp.SeedKey(cluster.Name, cluster.Id, cluster.AccountId, "us-east1").AuthPrincipal
        );
        Assert.Equal("ENABLED", (string)(await OkAsync("GET", "v1/" + spec.Uri))["primary"]!["state"]!);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(Server.CloudEndpoint, $"api/v1/clusters/{cluster.Id}/cmek")
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Server.Cloud.AdminKey);
        var key = new JsonObject
        {
            ["type"] = spec.Type,
            ["uri"] = spec.Uri,
            ["auth_principal"] = spec.AuthPrincipal,
        };
        request.Content = new StringContent(
            new JsonObject
            {
                ["region_specs"] = new JsonArray(new JsonObject { ["region"] = "us-east4", ["key_spec"] = key }),
            }.ToJsonString(),
            Encoding.UTF8,
            "application/json"
        );
        using var answer = await http.SendAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        Assert.Contains("ENABLING", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private const string Account = Project + "/serviceAccounts/cmek-user@sandbox-customer.iam.gserviceaccount.com";

    /// <summary>An account and a key as they should be, just now.</summary>
    private async Task<(GcpKeyUser User, KeyUseRequest Request)> PreparedAsync()
    {
        await MakeKeyAsync();
        var email = await MakeAccountAsync("cmek-user");
        await OkAsync("POST", Account + ":setIamPolicy", Policy(TokenCreator, "serviceAccount:" + Cockroach));
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "serviceAccount:" + email));
        return (
            new GcpKeyUser(Server.Gcp, Server.Clock),
            new KeyUseRequest(Key["v1/".Length..], email, "org", ClusterId, "crl-sandbox", "europe-west1")
        );
    }
}

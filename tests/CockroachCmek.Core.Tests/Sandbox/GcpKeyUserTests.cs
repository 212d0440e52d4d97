using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's CockroachDB on Google Cloud uses a customer's key, or names what is missing.</summary>
public sealed class GcpKeyUserTests : IAsyncDisposable
{
    private const string Email = "cmek-user@sandbox-customer.iam.gserviceaccount.com";
    private const string Account = Project + "/serviceAccounts/" + Email;
    private static readonly byte[] StoreKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private readonly GcpTestBed _gcp = new();
    private readonly GcpKeyUser _user;
    private readonly KeyUseRequest _request = new(
        Key["v1/".Length..],
        Email,
        "org",
        ClusterId,
        "crl-sandbox",
        "europe-west1"
    );

    public GcpKeyUserTests() => _user = new GcpKeyUser(_gcp.Sandbox, _gcp.Server.Clock);

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_grant_and_its_removal_take_effect_after_a_minute()
    {
        await GrantAsync();
        AssertRefused("has not taken effect", _request);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        var wrapped = _user.Wrap(_request, StoreKey);
        Assert.Null(wrapped.Refusal);
        Assert.NotEqual(StoreKey, wrapped.Bytes);
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", """{"policy":{}}""");
        Assert.Equal(StoreKey, _user.Unwrap(_request, wrapped.Bytes!).Bytes);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains(
            "it needs " + EncrypterDecrypter,
            _user.Unwrap(_request, wrapped.Bytes!).Refusal,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(Key, "roles/cloudkms.admin", Email, "cloudkms.cryptoKeyVersions.useToEncrypt")]
    [InlineData(Key, "roles/cloudkms.cryptoKeyEncrypter", Email, "cloudkms.cryptoKeyVersions.useToDecrypt")]
    [InlineData(Key, EncrypterDecrypter, ClusterAccount, "cloudkms.cryptoKeyVersions.useToEncrypt")]
    [InlineData(Account, "roles/iam.serviceAccountUser", ClusterAccount, "it needs " + TokenCreator)]
    [InlineData(Account, TokenCreator, Email, "iam.serviceAccounts.getAccessToken")]
    public async Task A_missing_grant_is_named(string resource, string role, string email, string says)
    {
        await GrantAsync();
        await _gcp.BindAsync(resource, role, "serviceAccount:" + email);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        AssertRefused(says, _request);
    }

    [Theory]
    [InlineData("POST", Account + ":disable", "is disabled")]
    [InlineData("DELETE", Account, "does not exist")]
    [InlineData("POST", Key + "/cryptoKeyVersions/1:destroy", "DESTROY_SCHEDULED")]
    public async Task A_disabled_or_deleted_account_and_a_destroyed_version_are_named(
        string method,
        string path,
        string says
    )
    {
        await GrantAsync();
        await _gcp.OkAsync(method, path, method == "POST" ? "{}" : null);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        AssertRefused(says, _request);
    }

    [Theory]
    [InlineData("request.time < timestamp(\"2001-01-01T00:00:00Z\")", false)]
    [InlineData("resource.name.startsWith(\"x\")", false)]
    [InlineData("request.time < timestamp(\"2999-01-01T00:00:00Z\")", true)]
    public async Task A_conditional_grant_counts_only_if_its_condition_holds(string condition, bool holds)
    {
        await GrantAsync();
        var policy = Policy(EncrypterDecrypter, "serviceAccount:" + Email, condition, version: 3);
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", policy);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        if (holds)
            Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        else
            AssertRefused("condition", _request);
    }

    [Fact]
    public async Task Grants_on_the_key_the_ring_and_the_project_add_up()
    {
        await GrantAsync();
        await _gcp.BindAsync(Ring, "roles/cloudkms.viewer", "serviceAccount:" + Email);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);

        await _gcp.OkAsync("POST", Key + ":setIamPolicy", """{"policy":{}}""");
        await _gcp.BindAsync(Ring, "roles/cloudkms.cryptoKeyEncrypter", "serviceAccount:" + Email);
        await _gcp.BindAsync(Project, "roles/cloudkms.cryptoKeyDecrypter", "serviceAccount:" + Email);
        _gcp.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
    }

    [Fact]
    public async Task A_wrong_key_account_or_cluster_is_named()
    {
        await GrantAsync();
        _gcp.Advance(TimeSpan.FromSeconds(60));
        AssertRefused("without a version", _request with { Uri = _request.Uri + "/cryptoKeyVersions/1" });
        AssertRefused("does not exist", _request with { Uri = _request.Uri + "x" });
        AssertRefused(
            "does not exist",
            _request with
            {
                AuthPrincipal = "nobody@sandbox-customer.iam.gserviceaccount.com",
            }
        );
        var otherCluster = ClusterId.Replace("abcd", "abce", StringComparison.Ordinal);
        AssertRefused("getAccessToken", _request with { ClusterId = otherCluster });
    }

    [Fact]
    public async Task A_cluster_on_Google_Cloud_enables_CMEK_with_a_seeded_key()
    {
        var cluster = _gcp.Server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        SandboxKeySpec Seed(string region) => _gcp.Sandbox.SeedKey(cluster.Name, cluster.Id, cluster.AccountId, region);
        var key = Seed("us-east4");
        Assert.Equal(key.AuthPrincipal, Seed("us-east1").AuthPrincipal);
        Assert.Equal("ENABLED", (string)(await _gcp.OkAsync("GET", "v1/" + key.Uri))["primary"]!["state"]!);
        var response = await _gcp.CmekAsync("POST", cluster.Id, "us-east4", key);
        Assert.True(response.Status == 200, response.Body.ToJsonString());
        Assert.Contains("ENABLING", response.Body.ToJsonString(), StringComparison.Ordinal);
    }

    /// <summary>Creates the key and the account and grants both roles, which have not taken effect yet.</summary>
    private async Task GrantAsync()
    {
        await _gcp.CreateKeyAsync();
        await _gcp.CreateServiceAccountAsync("cmek-user");
        await _gcp.BindAsync(Account, TokenCreator, "serviceAccount:" + ClusterAccount);
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + Email);
    }

    private void AssertRefused(string reason, KeyUseRequest request) =>
        Assert.Contains(reason, _user.Wrap(request, StoreKey).Refusal, StringComparison.Ordinal);
}

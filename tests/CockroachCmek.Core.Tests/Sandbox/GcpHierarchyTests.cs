using CockroachCmek.Sandbox.Gcp;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Folder and organization, groups, deleted members and weak readers.</summary>
public sealed class GcpHierarchyTests : IAsyncDisposable
{
    private const string Version3 = """{"options":{"requestedPolicyVersion":3}}""";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_project_names_its_parents_in_both_versions()
    {
        var project = await _gcp.OkAsync("GET", "v3/projects/sandbox-customer");
        Assert.Equal(GcpHierarchy.Folder, (string)project["parent"]!);
        Assert.Equal("projects/" + GcpProjects.Numbers["sandbox-customer"], (string)project["name"]!);
        Assert.Equal(
            GcpHierarchy.Organization,
            (string)(await _gcp.OkAsync("GET", "v3/" + GcpHierarchy.Folder))["parent"]!
        );
        Assert.Equal("folder", (string)(await _gcp.OkAsync("GET", Project))["parent"]!["type"]!);
        var ancestry = (await _gcp.OkAsync("POST", Project + ":getAncestry", "{}"))["ancestor"]!.AsArray();
        Assert.Equal(["project", "folder", "organization"], ancestry.Select(a => (string)a!["resourceId"]!["type"]!));
        Assert.Equal(404, (await _gcp.SendAsync("GET", "v1/" + GcpHierarchy.Folder)).Status);
        Assert.Equal(403, (await _gcp.SendAsync("GET", "v3/folders/1")).Status);
    }

    [Theory]
    [InlineData(Project, "resourcemanager.projects.getIamPolicy")]
    [InlineData("v3/projects/sandbox-customer", "resourcemanager.projects.getIamPolicy")]
    [InlineData("v3/" + GcpHierarchy.Folder, "resourcemanager.folders.getIamPolicy")]
    [InlineData("v3/" + GcpHierarchy.Organization, "resourcemanager.organizations.getIamPolicy")]
    [InlineData("v1/" + GcpHierarchy.Organization, "resourcemanager.organizations.getIamPolicy")]
    public async Task A_policy_above_a_key_needs_a_permission_of_its_own(string place, string permission)
    {
        await _gcp.BindAsync(place, "roles/cloudkms.viewer", "user:auditor@example.com");
        var only = _gcp.Sandbox.AddPrincipal("a@example.com", permission);
        var without = _gcp.Sandbox.AddPrincipalWithout("b@example.com", permission);
        Assert.Equal(200, (await _gcp.SendAsync("POST", place + ":getIamPolicy", Version3, only)).Status);
        var refused = await _gcp.SendAsync("POST", place + ":getIamPolicy", Version3, without);
        Assert.Equal("403 PERMISSION_DENIED", refused.Refusal);
        Assert.Contains(permission, refused.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group:nobody@example.com", "Group nobody@example.com does not exist.")]
    [InlineData("user:team@example.com", "is of type \"group\". Please set the type prefix to be \"group:\".")]
    [InlineData("group:cmek-user@sandbox-customer.iam.gserviceaccount.com", "is of type \"serviceAccount\"")]
    [InlineData("nonsense", "Policy members must be of the form \"<type>:<value>\".")]
    public async Task An_unknown_group_and_a_wrong_prefix_are_refused(string member, string says)
    {
        await _gcp.CreateKeyAsync();
        _gcp.Sandbox.SetGroup("team@example.com");
        var response = await _gcp.SendAsync("POST", Key + ":setIamPolicy", Policy(EncrypterDecrypter, member));
        Assert.Equal("400 INVALID_ARGUMENT", response.Refusal);
        Assert.Contains(says, response.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_member_is_kept_cannot_stand_beside_a_new_one_and_vanishes_after_thirty_days()
    {
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + email);
        await _gcp.OkAsync("DELETE", $"{Project}/serviceAccounts/{email}");
        var deleted = await MemberAsync();
        Assert.StartsWith($"deleted:serviceAccount:{email}?uid=", deleted, StringComparison.Ordinal);
        await _gcp.BindAsync(Key, EncrypterDecrypter, deleted!);

        await _gcp.CreateServiceAccountAsync("cmek-user");
        Assert.Equal(deleted, await MemberAsync());
        var both = Policy(EncrypterDecrypter, deleted!)
            .Replace("\"members\":[", $"\"members\":[\"serviceAccount:{email}\",", StringComparison.Ordinal);
        var refused = await _gcp.SendAsync("POST", Key + ":setIamPolicy", both);
        Assert.StartsWith(
            "Inconsistent representation of deleted member",
            refused.ErrorMessage,
            StringComparison.Ordinal
        );
        _gcp.Sandbox.TakesDeletedBesideNew = true;
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", both);

        _gcp.Sandbox.TakesDeletedMembers = false;
        Assert.Equal(400, (await _gcp.SendAsync("POST", Key + ":setIamPolicy", both)).Status);
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + email);
        _gcp.Sandbox.TakesDeletedMembers = true;
        await _gcp.BindAsync(Key, EncrypterDecrypter, deleted!);
        _gcp.Advance(TimeSpan.FromDays(31));
        Assert.Null(await MemberAsync());
    }

    [Fact]
    public async Task A_policy_with_conditions_can_be_refused_to_a_reader_of_version_1()
    {
        await _gcp.CreateKeyAsync();
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", Policy(EncrypterDecrypter, "user:a@example.com", "true", 3));
        _gcp.Sandbox.RefusesOldPolicyVersions = true;
        var response = await _gcp.SendAsync("GET", Key + ":getIamPolicy");
        Assert.Contains("Requested policy version (1)", response.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EncrypterDecrypter, "user:a@example.com", "resource.nam == 'x'", "undeclared reference")]
    [InlineData(EncrypterDecrypter, "user:a@example.com", "true &&", "compilation failed")]
    [InlineData(EncrypterDecrypter, "allAuthenticatedUsers", "true", "public members")]
    [InlineData("roles/owner", "user:a@example.com", "true", "basic role")]
    public async Task A_condition_that_cannot_be_is_refused(string role, string member, string condition, string says)
    {
        await _gcp.CreateKeyAsync();
        var body = Policy(role, member, condition, version: 3);
        var response = await _gcp.SendAsync("POST", Key + ":setIamPolicy", body);
        Assert.Equal("400 INVALID_ARGUMENT", response.Refusal);
        Assert.Contains(says, response.ErrorMessage, StringComparison.Ordinal);
    }

    private async Task<string?> MemberAsync() =>
        (string?)(await _gcp.OkAsync("GET", Key + ":getIamPolicy"))["bindings"]?[0]!["members"]![0];
}

using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Entra groups: members, nested groups, and roles that reach a principal through them.</summary>
public sealed class AzureGroupTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task A_member_of_a_nested_group_has_the_roles_of_the_outer_one()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        var (outer, inner) = (await CreateGroupAsync("outer"), await CreateGroupAsync("inner"));
        Assert.Equal(201, (await _azure.AssignRoleAsync(EncryptionUserRole, outer, type: "Group")).Status);
        Assert.Equal(204, (await AddMemberAsync(outer, inner)).Status);
        Assert.Equal(204, (await AddMemberAsync(inner, user.ObjectId)).Status);
        Assert.Equal("400 Request_BadRequest", (await AddMemberAsync(inner, user.ObjectId)).Refusal);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Status);

        Assert.Equal([inner], await ListAsync($"servicePrincipals/{user.ObjectId}/memberOf"));
        var all = $"servicePrincipals/{user.ObjectId}/transitiveMemberOf/microsoft.graph.group";
        Assert.Equal([inner, outer], await ListAsync(all));
        Assert.Equal([inner, user.ObjectId], await ListAsync($"groups/{outer}/transitiveMembers"));
        Assert.Equal(
            [user.ObjectId],
            await ListAsync($"groups/{outer}/transitiveMembers/microsoft.graph.servicePrincipal")
        );
        Assert.Equal([inner], await ListAsync($"groups/{outer}/members"));

        var removal = $"{Graph}groups/{inner}/members/{user.ObjectId}/$ref";
        Assert.Equal(204, (await _azure.SendAsync("DELETE", removal)).Status);
        Assert.Equal("404 Request_ResourceNotFound", (await _azure.SendAsync("DELETE", removal)).Refusal);
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Status);
        _azure.Propagate();
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", user)).Refusal);
    }

    [Fact]
    public async Task Lists_of_groups_come_in_pages()
    {
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        string[] groups = [.. Enumerable.Range(1, 3).Select(i => _azure.Sandbox.AddGroup($"g{i}", user.ObjectId))];
        var found = new List<string>();
        var next = $"{Graph}servicePrincipals/{user.ObjectId}/transitiveMemberOf?$top=2&$select=id";
        for (; next.Length > 0; next = Next(found, await _azure.SendAsync("GET", next))) { }
        Assert.Equal(groups, found);

        static string Next(List<string> found, TestResponse page)
        {
            found.AddRange(page.Items.Select(i => i!["id"]!.ToString()));
            return page.Text("@odata.nextLink");
        }
    }

    [Fact]
    public async Task A_caller_can_ask_for_the_groups_of_a_principal_by_id()
    {
        var user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);
        var (one, other) = (_azure.Sandbox.AddGroup("one", user.ObjectId), _azure.Sandbox.AddGroup("other"));
        var principal = $"{Graph}servicePrincipals/{user.ObjectId}/";
        var ids = await _azure.SendAsync("POST", principal + "getMemberGroups", """{"securityEnabledOnly":true}""");
        Assert.Equal(one, Assert.Single(ids.Items)!.ToString());
        var body = $$"""{"groupIds":["{{one}}","{{other}}"]}""";
        var matches = await _azure.SendAsync("POST", principal + "checkMemberGroups", body);
        Assert.Equal(one, Assert.Single(matches.Items)!.ToString());
        var objects = await _azure.SendAsync(
            "POST",
            Graph + "directoryObjects/getByIds",
            $$"""{"ids":["{{one}}","{{user.ObjectId}}","{{Guid.NewGuid()}}"]}"""
        );
        Assert.Equal(
            ["#microsoft.graph.group", "#microsoft.graph.servicePrincipal"],
            objects.Items.Select(i => i!["@odata.type"]!.ToString())
        );
    }

    [Fact]
    public async Task Groups_and_the_organization_need_permissions_of_their_own()
    {
        var reader = _azure.Sandbox.AddPrincipal("reader", AzureRights.GraphRead);
        var members = $"{Graph}servicePrincipals/{reader.ObjectId}/transitiveMemberOf";
        Task<TestResponse> ReadAsync(string url) => _azure.SendAsync("GET", url, caller: reader);
        Assert.Equal("403 Authorization_RequestDenied", (await ReadAsync(members)).Refusal);
        Assert.Equal("403 Authorization_RequestDenied", (await ReadAsync(Graph + "organization")).Refusal);
        _azure.Sandbox.SetGraphPermissions(reader, "GroupMember.Read.All");
        Assert.Equal(200, (await ReadAsync(members)).Status);
        Assert.Equal("403 Authorization_RequestDenied", (await ReadAsync(Graph + "servicePrincipals")).Refusal);
        _azure.Sandbox.SetGraphPermissions(reader, "Directory.Read.All");
        Assert.Equal(200, (await ReadAsync(members)).Status);
        Assert.Equal(_azure.Sandbox.TenantId, (await ReadAsync(Graph + "organization")).Items[0]!["id"]!.ToString());
        Assert.Equal(
            "403 Authorization_RequestDenied",
            (await _azure.SendAsync("POST", Graph + "groups", "{}", reader)).Refusal
        );
    }

    private async Task<string> CreateGroupAsync(string name)
    {
        var created = await _azure.SendAsync(
            "POST",
            Graph + "groups",
            $$"""{"displayName":"{{name}}","mailNickname":"{{name}}","mailEnabled":false,"securityEnabled":true}"""
        );
        Assert.Equal(201, created.Status);
        return created.Text("id");
    }

    private Task<TestResponse> AddMemberAsync(string group, string member) =>
        _azure.SendAsync(
            "POST",
            $"{Graph}groups/{group}/members/$ref",
            new JsonObject { ["@odata.id"] = $"{Graph}directoryObjects/{member}" }.ToJsonString()
        );

    private async Task<IEnumerable<string>> ListAsync(string path) =>
        (await _azure.SendAsync("GET", Graph + path)).Items.Select(i => i!["id"]!.ToString());
}

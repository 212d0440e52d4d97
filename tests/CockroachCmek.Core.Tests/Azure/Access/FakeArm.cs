using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Core;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>
/// Resource Manager and Microsoft Graph as lists in memory: just what a reading of access asks. Each permission to read
/// can be taken away.
/// </summary>
internal sealed class FakeArm : IAzureArm, IMicrosoftGraph
{
    public List<RoleAssignment> Assignments { get; } = [];

    public List<DenyAssignment> Denials { get; } = [];

    public List<AzureLock> Locks { get; } = [];

    public Dictionary<string, RoleDefinition> Definitions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The direct members of each group.</summary>
    public Dictionary<string, IReadOnlyList<string>> Members { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is refused: the last part of a path, a filter's name, or "groups".</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>What was asked for, in order.</summary>
    public List<string> Calls { get; } = [];

    public Task<IReadOnlyList<RoleAssignment>> ListRoleAssignmentsAsync(
        string scope,
        string filter,
        CancellationToken cancellationToken
    ) => Answer("roleAssignments", () =>
        {
            var kind = filter.Split('(', ' ')[0];
            if (Refused.Contains(kind))
                throw Refusal();
            return Assignments.Where(a =>
                kind == "atScope"
                    ? AzureScope.IsWithin(scope, AzureScope.Of(a))
                    : IsOrIsIn(filter.Split('\'')[1], a.Properties.PrincipalId)
            );
        });

    public Task<IReadOnlyList<DenyAssignment>> ListDenyAssignmentsAsync(
        string scope,
        CancellationToken cancellationToken
    ) => Answer("denyAssignments", () => Denials);

    public Task<IReadOnlyList<AzureLock>> ListLocksAsync(string scope, CancellationToken cancellationToken) =>
        Answer("locks", () => Locks.Where(l => AzureScope.IsWithin(l.Scope, scope)));

    public async Task<RoleDefinition> GetRoleDefinitionAsync(string id, CancellationToken cancellationToken) =>
        (await Answer<RoleDefinition>("roleDefinitions", () => [Definitions[id.Split('/').Last()]]))[0];

    public Task<IReadOnlyList<string>> ListGroupsOfAsync(string id, CancellationToken cancellationToken) =>
        Answer("groups", () => Members.Keys.Where(g => IsOrIsIn(id, g)));

    /// <summary>A refusal as Resource Manager words it.</summary>
    public static AzureException Refusal(
        int status = 403,
        string body =
            """{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization."}}""",
        AzureService service = AzureService.ResourceManager
    ) => AzureException.From(service, new FakeResponse(status, body));

    private bool IsOrIsIn(string principal, string holder) =>
        AzureScope.Same(principal, holder)
        || (Members.TryGetValue(holder, out var members) && members.Any(m => IsOrIsIn(principal, m)));

    private Task<IReadOnlyList<T>> Answer<T>(string what, Func<IEnumerable<T>> list)
    {
        Calls.Add(what);
        return Refused.Contains(what)
            ? Task.FromException<IReadOnlyList<T>>(Refusal())
            : Task.FromResult<IReadOnlyList<T>>([.. list()]);
    }

    Task<IReadOnlyList<string>> IAzureArm.ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<IReadOnlyList<string>> IAzureArm.ListKeyVaultsAsync(
        string subscriptionId,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<AzureKeyVault> IAzureArm.GetKeyVaultAsync(string id, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task IAzureArm.ChangeAccessPolicyAsync(
        string keyVaultId,
        bool isAddition,
        JsonObject entry,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<RoleAssignment> IAzureArm.GetRoleAssignmentAsync(string id, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<RoleAssignment> IAzureArm.CreateRoleAssignmentAsync(
        string id,
        RoleAssignmentProperties properties,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task IAzureArm.DeleteRoleAssignmentAsync(string id, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<IReadOnlyList<RoleDefinition>> IAzureArm.FindRoleDefinitionsAsync(
        string scope,
        string name,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<IReadOnlyList<RolePermissions>> IAzureArm.ListPermissionsAsync(
        string scope,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<ServicePrincipal?> IMicrosoftGraph.FindServicePrincipalAsync(
        string applicationId,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<IReadOnlyList<ServicePrincipal>> IMicrosoftGraph.ListServicePrincipalsAsync(
        string name,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task<ServicePrincipal> IMicrosoftGraph.CreateServicePrincipalAsync(
        string applicationId,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task IMicrosoftGraph.EnableServicePrincipalAsync(string id, bool enabled, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<IReadOnlyList<ConsentGrant>> IMicrosoftGraph.ListConsentGrantsAsync(
        string clientId,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    Task IMicrosoftGraph.CreateConsentGrantAsync(
        string clientId,
        string resourceId,
        string scope,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    private sealed class FakeResponse(int status, string body) : Response
    {
        public override int Status => status;

        public override string ReasonPhrase => "";

        public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.UTF8.GetBytes(body));

        public override string ClientRequestId { get; set; } = "";

        public override void Dispose() { }

        protected override bool ContainsHeader(string name) => false;

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [];

        protected override bool TryGetHeader(string name, out string value)
        {
            value = "";
            return false;
        }

        protected override bool TryGetHeaderValues(string name, out IEnumerable<string> values)
        {
            values = [];
            return false;
        }
    }
}

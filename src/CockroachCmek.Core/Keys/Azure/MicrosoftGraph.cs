using System.Text.Json.Nodes;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The calls of Microsoft Graph that CMEK needs: the cluster's application in the customer's tenant.</summary>
internal interface IMicrosoftGraph
{
    /// <summary>
    /// The enterprise application with an application id in the caller's tenant; null when there is none.
    /// </summary>
    Task<ServicePrincipal?> FindServicePrincipalAsync(string applicationId, CancellationToken cancellationToken);

    /// <summary>The enterprise applications with a name in the caller's tenant.</summary>
    Task<IReadOnlyList<ServicePrincipal>> ListServicePrincipalsAsync(string name, CancellationToken cancellationToken);

    Task<ServicePrincipal> CreateServicePrincipalAsync(string applicationId, CancellationToken cancellationToken);

    /// <summary>Allows or disables signing in as an enterprise application.</summary>
    Task EnableServicePrincipalAsync(string id, bool enabled, CancellationToken cancellationToken);

    /// <summary>Ids of the groups that an enterprise application is in, directly or through other groups.</summary>
    Task<IReadOnlyList<string>> ListGroupsOfAsync(string id, CancellationToken cancellationToken);

    /// <summary>The delegated permissions that an application has consent for.</summary>
    Task<IReadOnlyList<ConsentGrant>> ListConsentGrantsAsync(string clientId, CancellationToken cancellationToken);

    Task CreateConsentGrantAsync(string clientId, string resourceId, string scope, CancellationToken cancellationToken);
}

/// <summary>An enterprise application.</summary>
/// <param name="Id">The object id, to which roles are assigned.</param>
/// <param name="AppId">The application id, the same in every tenant.</param>
/// <param name="DisplayName">The name that the application's home tenant gave it.</param>
/// <param name="AccountEnabled">False when signing in as it is disabled; null when Graph does not report it.</param>
internal sealed record ServicePrincipal(string Id, string AppId, string? DisplayName, bool? AccountEnabled);

/// <summary>Consent to delegated permissions; for all users when ConsentType is AllPrincipals.</summary>
internal sealed record ConsentGrant(string Id, string ClientId, string ResourceId, string ConsentType, string? Scope);

/// <summary>Microsoft Graph v1.0.</summary>
internal sealed class MicrosoftGraph(Uri endpoint, AzureRest rest) : IMicrosoftGraph
{
    public async Task<ServicePrincipal?> FindServicePrincipalAsync(
        string applicationId,
        CancellationToken cancellationToken
    ) => await ListAsync("appId", applicationId, cancellationToken) is [var found, ..] ? found : null;

    public Task<IReadOnlyList<ServicePrincipal>> ListServicePrincipalsAsync(
        string name,
        CancellationToken cancellationToken
    ) => ListAsync("displayName", name, cancellationToken);

    public Task<ServicePrincipal> CreateServicePrincipalAsync(
        string applicationId,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<ServicePrincipal>(
            RequestMethod.Post,
            At("servicePrincipals"),
            new { appId = applicationId },
            cancellationToken
        );

    public Task EnableServicePrincipalAsync(string id, bool enabled, CancellationToken cancellationToken) =>
        rest.SendAsync<JsonObject?>(
            RequestMethod.Patch,
            At($"servicePrincipals/{id}"),
            new { accountEnabled = enabled },
            cancellationToken
        );

    public async Task<IReadOnlyList<string>> ListGroupsOfAsync(string id, CancellationToken cancellationToken) =>
        [
            .. (
                await rest.ListAsync<DirectoryObject>(
                    At($"servicePrincipals/{id}/transitiveMemberOf?$select=id"),
                    cancellationToken
                )
            ).Select(g => g.Id),
        ];

    public Task<IReadOnlyList<ConsentGrant>> ListConsentGrantsAsync(
        string clientId,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<ConsentGrant>(
            At($"oauth2PermissionGrants?$filter={Filter("clientId", clientId)}"),
            cancellationToken
        );

    public Task CreateConsentGrantAsync(
        string clientId,
        string resourceId,
        string scope,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<JsonObject?>(
            RequestMethod.Post,
            At("oauth2PermissionGrants"),
            new
            {
                clientId,
                consentType = "AllPrincipals",
                resourceId,
                scope,
            },
            cancellationToken
        );

    private Task<IReadOnlyList<ServicePrincipal>> ListAsync(
        string property,
        string value,
        CancellationToken cancellationToken
    ) =>
        rest.ListAsync<ServicePrincipal>(
            At($"servicePrincipals?$filter={Filter(property, value)}&$select=id,appId,displayName,accountEnabled"),
            cancellationToken
        );

    private Uri At(string path) => new(endpoint, $"v1.0/{path}");

    private static string Filter(string property, string value) =>
        Uri.EscapeDataString($"{property} eq '{value.Replace("'", "''")}'");

    private sealed record DirectoryObject(string Id);
}

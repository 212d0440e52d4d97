using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// The token endpoint inside an Automation job, App Service or Functions: IDENTITY_ENDPOINT and IDENTITY_HEADER,
/// plain HTTP on the local machine (learn.microsoft.com, "How to use managed identities for App Service", REST
/// endpoint reference).
/// </summary>
internal sealed class ManagedIdentityService(AzureSandbox azure) : ISandboxService
{
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(azure.Locked(context => Handle(context, new AzureRequest(request))));

    private SandboxResponse Handle(AzureContext context, AzureRequest request)
    {
        if (request.Method != "GET" || !AzureDirectory.Same(request.Path, "/MSI/token"))
            return Refuse(404, "There is no such page.");
        // The header proves that the request comes from the machine itself.
        if (request.Header("X-IDENTITY-HEADER") != azure.ManagedIdentity.Secret)
            return Refuse(400, "The header X-IDENTITY-HEADER is missing or wrong.");
        if (request.Query("api-version") is not ("2019-08-01" or "2020-06-01"))
            return Refuse(400, "The api-version is not supported.");
        var (clientId, objectId) = (
            request.Query("client_id"),
            request.Query("principal_id") ?? request.Query("object_id")
        );
        if (
            (clientId is not null && !AzureDirectory.Same(clientId, azure.ManagedIdentity.ClientId))
            || (objectId is not null && !AzureDirectory.Same(objectId, azure.ManagedIdentity.ObjectId))
        )
            return Refuse(
                400,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            );
        if (request.Query("resource") is not { } resource)
            return Refuse(400, "The parameter resource is required.");
        if (AzureDirectory.Audience(resource) is not { } audience)
            return Refuse(400, $"The resource principal named {resource} was not found.");
        var token = context.Directory.Issue(context.Directory.PrincipalById(azure.ManagedIdentity.ObjectId)!, audience);
        return Write(
            200,
            new JsonObject
            {
                ["access_token"] = token.Value,
                ["expires_on"] = token.Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                ["resource"] = resource,
                ["token_type"] = "Bearer",
                ["client_id"] = azure.ManagedIdentity.ClientId,
            }
        );
    }

    private static SandboxResponse Refuse(int status, string message) =>
        Write(
            status,
            new JsonObject
            {
                ["statusCode"] = status,
                ["message"] = message,
                ["correlationId"] = Guid.NewGuid().ToString("D"),
            }
        );

    private static SandboxResponse Write(int status, JsonObject body) =>
        new(status, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json");
}

using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// login.microsoftonline.com: discovery, tokens for client credentials, and the page for admin consent.
/// Source of the error numbers: learn.microsoft.com, "Microsoft Entra authentication error codes".
/// </summary>
internal sealed class EntraService(AzureContext context) : IAzureService
{
    public AzureResponse Handle(AzureRequest request)
    {
        var segments = request.Segments;
        var tenant = segments.Count > 0 ? segments[0] : "";
        switch ((request.Method, string.Join("/", segments.Skip(1)).ToLowerInvariant()))
        {
            case ("GET", "discovery/instance"):
                return Instance();
            case ("GET", "v2.0/.well-known/openid-configuration" or ".well-known/openid-configuration"):
                return OpenId(request.Host, Tenant(tenant));
            case ("POST", "oauth2/v2.0/token" or "oauth2/token"):
                return Token(Tenant(tenant), request.FormBody());
            case ("GET", "adminconsent" or "v2.0/adminconsent"):
                return Consent(Tenant(tenant), request.Query("client_id"));
            default:
                throw new AzureException(404, "invalid_request", "AADSTS90023: The sandbox has no such page.");
        }
    }

    public JsonObject ErrorBody(AzureException error)
    {
        var number = error.Message.StartsWith("AADSTS", StringComparison.Ordinal)
            ? error.Message.Substring(6).Split(':')[0]
            : "0";
        var now = context.Now.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var (trace, correlation) = (Guid.NewGuid().ToString("D"), Guid.NewGuid().ToString("D"));
        return new JsonObject
        {
            ["error"] = error.Code,
            ["error_description"] = $"{error.Message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            ["error_codes"] = new JsonArray(int.Parse(number, CultureInfo.InvariantCulture)),
            ["timestamp"] = now,
            ["trace_id"] = trace,
            ["correlation_id"] = correlation,
        };
    }

    /// <summary>The tenant, given by its id. Applications cannot sign in to "common" or "organizations".</summary>
    private string Tenant(string name) =>
        context.Directory.Tenants.Contains(name)
            ? name.ToLowerInvariant()
            : throw new AzureException(
                400,
                "invalid_request",
                $"AADSTS90002: Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
            );

    private static AzureResponse Instance() =>
        AzureResponse.Ok(
            new JsonObject
            {
                ["tenant_discovery_endpoint"] =
                    "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
                ["api-version"] = "1.1",
                ["metadata"] = new JsonArray(
                    new JsonObject
                    {
                        ["preferred_network"] = "login.microsoftonline.com",
                        ["preferred_cache"] = "login.windows.net",
                        ["aliases"] = new JsonArray(
                            "login.microsoftonline.com",
                            "login.windows.net",
                            "login.microsoft.com",
                            "sts.windows.net"
                        ),
                    }
                ),
            }
        );

    private static AzureResponse OpenId(string host, string tenant) =>
        AzureResponse.Ok(
            new JsonObject
            {
                ["token_endpoint"] = $"https://{host}/{tenant}/oauth2/v2.0/token",
                ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_post"),
                ["jwks_uri"] = $"https://{host}/{tenant}/discovery/v2.0/keys",
                ["response_modes_supported"] = new JsonArray("query", "fragment", "form_post"),
                ["subject_types_supported"] = new JsonArray("pairwise"),
                ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
                ["response_types_supported"] = new JsonArray("code", "id_token", "code id_token", "id_token token"),
                ["scopes_supported"] = new JsonArray("openid", "profile", "email", "offline_access"),
                ["issuer"] = $"https://{host}/{tenant}/v2.0",
                ["authorization_endpoint"] = $"https://{host}/{tenant}/oauth2/v2.0/authorize",
                ["device_authorization_endpoint"] = $"https://{host}/{tenant}/oauth2/v2.0/devicecode",
                ["end_session_endpoint"] = $"https://{host}/{tenant}/oauth2/v2.0/logout",
                ["tenant_region_scope"] = "EU",
                ["cloud_instance_name"] = "microsoftonline.com",
            }
        );

    private AzureResponse Token(string tenant, IReadOnlyDictionary<string, string> form)
    {
        var grant = Required(form, "grant_type");
        if (grant != "client_credentials")
            throw new AzureException(
                400,
                "unsupported_grant_type",
                $"AADSTS70003: The app requested an unsupported grant type '{grant}'."
            );
        var principal = AuthenticateClient(tenant, Required(form, "client_id"), form);
        // Version 2 has a scope, version 1 a resource.
        var scope = form.TryGetValue("resource", out var resource)
            ? resource.TrimEnd('/') + "/.default"
            : Required(form, "scope");
        if (!scope.EndsWith("/.default", StringComparison.Ordinal))
            throw new AzureException(
                400,
                "invalid_scope",
                $"AADSTS1002012: The provided value for scope {scope} is not valid. "
                    + "Client credential flows must have a scope value with /.default suffixed to the resource "
                    + "identifier (application ID URI)."
            );
        var audience = AzureDirectory.Audience(scope)
            ?? throw new AzureException(
                400,
                "invalid_resource",
                $"AADSTS500011: The resource principal named {scope.Substring(0, scope.Length - 9)} "
                    + $"was not found in the tenant named {tenant}."
            );
        return AzureResponse.Ok(
            new JsonObject
            {
                ["token_type"] = "Bearer",
                ["expires_in"] = 3600,
                ["ext_expires_in"] = 3600,
                ["access_token"] = context.Directory.Issue(principal, audience).Value,
            }
        );
    }

    private ServicePrincipal AuthenticateClient(string tenant, string appId, IReadOnlyDictionary<string, string> form)
    {
        var application = context.Directory.Application(appId);
        if (
            application is null
            || (
                !AzureDirectory.Same(application.HomeTenantId, tenant)
                && context.Directory.Principal(tenant, appId) is null
            )
        )
            throw new AzureException(
                400,
                "unauthorized_client",
                $"AADSTS700016: Application with identifier '{appId}' was not found in the directory '{tenant}'."
            );
        if (application.Secret is null || application.Secret != Required(form, "client_secret"))
            throw new AzureException(
                401,
                "invalid_client",
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is "
                    + $"the client secret value, not the client secret ID, for a secret added to app '{appId}'."
            );
        var principal = context.Directory.Principal(tenant, appId)
            ?? throw new AzureException(
                401,
                "invalid_client",
                $"AADSTS7000229: The client application {appId} is missing service principal in the tenant {tenant}."
            );
        if (!principal.IsEnabled)
            throw new AzureException(
                401,
                "unauthorized_client",
                $"AADSTS7000112: Application '{appId}'({application.DisplayName}) is disabled."
            );
        return principal;
    }

    private static string Required(IReadOnlyDictionary<string, string> form, string name) =>
        form.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new AzureException(
                400,
                "invalid_request",
                $"AADSTS900144: The request body must contain the following parameter: '{name}'."
            );

    private AzureResponse Consent(string tenant, string? appId)
    {
        var application = context.Directory.Application(appId);
        if (
            application is null
            || (!application.IsMultiTenant && !AzureDirectory.Same(application.HomeTenantId, tenant))
        )
            return new AzureResponse(400, null)
            {
                Html =
                    "<!doctype html><title>Sign in</title><p>AADSTS700016: Application with identifier "
                    + $"'{WebUtility.HtmlEncode(appId)}' was not found in the directory.</p>",
            };
        var principal = context.Directory.Consent(application, tenant);
        return new AzureResponse(200, null)
        {
            Html =
                "<!doctype html><title>Permissions accepted</title>"
                + $"<p>The sandbox accepted &quot;Sign in and read user profile&quot; for {application.DisplayName}. "
                + $"Its enterprise application is {principal.Id}.</p>",
        };
    }
}

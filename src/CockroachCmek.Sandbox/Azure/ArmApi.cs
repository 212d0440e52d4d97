namespace CockroachCmek.Sandbox.Azure;

/// <summary>What all resources of Resource Manager share: authorization and errors.</summary>
internal static class ArmApi
{
    /// <summary>The error code of an invalid request body.</summary>
    public const string InvalidBody = "InvalidRequestContent";

    /// <summary>Requires that a role of the caller allows the action.</summary>
    public static void Require(AzureContext context, ServicePrincipal caller, string action, string scope)
    {
        if (!context.Roles.RolesOf(caller.Id, scope).Any(r => r.Allows(action)))
            throw new AzureException(
                403,
                "AuthorizationFailed",
                $"The client '{caller.Application.AppId}' with object id '{caller.Id}' does not have authorization to "
                    + $"perform action '{action}' over scope '{scope}' or the scope is invalid. "
                    + "If access was recently granted, please refresh your credentials."
            );
    }

    public static void RequireVersion(string version, string[] supported, string type)
    {
        if (!supported.Contains(version))
            throw new AzureException(
                400,
                "NoRegisteredProviderFound",
                $"No registered resource provider found for API version '{version}' for type '{type}'. "
                    + $"The supported api-versions are '{string.Join(", ", supported)}'."
            );
    }

    public static AzureException NoGroup(string name) =>
        new(404, "ResourceGroupNotFound", $"Resource group '{name}' could not be found.");

    public static AzureException NoResource(AzureRequest request) =>
        new(404, "InvalidResourceType", $"The sandbox has no resource {request.Method} {request.Path}.");
}

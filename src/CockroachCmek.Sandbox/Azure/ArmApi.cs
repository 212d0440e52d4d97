namespace CockroachCmek.Sandbox.Azure;

/// <summary>What all resources of Resource Manager share: authorization and errors.</summary>
internal static class ArmApi
{
    /// <summary>The error code of an invalid request body.</summary>
    public const string InvalidBody = "InvalidRequestContent";

    /// <summary>Requires that a role of the caller allows the action, and that nothing denies it.</summary>
    public static void Require(AzureContext context, ServicePrincipal caller, string action, string scope)
    {
        var decision = context.Authorization.Decide(caller.Id, action, scope);
        if (decision.IsAllowed)
            return;
        var client = $"The client '{caller.Application.AppId}' with object id '{caller.Id}'";
        if (decision is { Assignment: not null, Deny: { } deny })
            throw new AzureException(
                403,
                "DenyAssignmentAuthorizationFailed",
                $"{client} has permission to perform action '{action}' on scope '{scope}'; however, the access is "
                    + $"denied because of the deny assignment with name '{deny.DisplayName}' and Id "
                    + $"'{deny.Name.Replace("-", "")}' at scope '{deny.Scope}'."
            );
        var condition = decision.IsConditionUnmet ? " or an ABAC condition not fulfilled" : "";
        throw new AzureException(
            403,
            "AuthorizationFailed",
            $"{client} does not have authorization{condition} to perform action '{action}' "
                + $"over scope '{scope}' or the scope is invalid. "
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

    public static AzureException BadFilter(string filter) =>
        new(400, "InvalidFilter", $"The filter '{filter}' is not supported.");
}

using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>
/// Writes the audit log of key vaults to the workspaces that a diagnostic setting names. Without a setting nothing is
/// kept, as in Azure. Operation names: key-vault/general/logging.md.
/// </summary>
internal sealed class KeyVaultAuditLog(AzureContext context, AzureData data)
{
    private static readonly Dictionary<string, string> Uses = new(StringComparer.OrdinalIgnoreCase)
    {
        ["encrypt"] = "KeyEncrypt",
        ["decrypt"] = "KeyDecrypt",
        ["wrapkey"] = "KeyWrap",
        ["unwrapkey"] = "KeyUnwrap",
    };

    /// <summary>Logs a request and its outcome.</summary>
    /// <param name="keyVault">The key vault.</param>
    /// <param name="caller">Who asked; null when the request had no token that counts.</param>
    /// <param name="request">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body of the response.</param>
    /// <param name="reason">Why it was refused.</param>
    public void Add(
        KeyVault keyVault,
        ServicePrincipal? caller,
        AzureRequest request,
        int status,
        JsonNode? body = null,
        string reason = ""
    )
    {
        var operation = caller is null ? "Authentication" : OperationOf(request.Method, request.Segments);
        var query = request.Query("api-version") is { } version ? $"?api-version={version}" : "";
        Add(keyVault, caller, operation, request.Path.TrimStart('/') + query, status, reason, null, body);
    }

    /// <summary>Logs what a client did that does not come over the wire: the sandbox's CockroachDB.</summary>
    /// <param name="path">The path and the query of the request that it stands for.</param>
    public void Add(
        KeyVault keyVault,
        ServicePrincipal? caller,
        string operation,
        string path,
        int status,
        string reason = "",
        DateTimeOffset? at = null,
        JsonNode? body = null
    )
    {
        var time = at ?? context.Now;
        foreach (
            var setting in data.DiagnosticSettings.Where(s =>
                s.HasAudit && s.Created <= time && AzureDirectory.Same(s.Scope, keyVault.Id)
            )
        )
            if (data.Workspaces.FirstOrDefault(w => AzureDirectory.Same(w.Id, setting.WorkspaceId)) is { } workspace)
                workspace.Add(
                    new KeyVaultEntry(
                        time,
                        keyVault.Id,
                        operation,
                        status,
                        // The port is part of it: a report from the field.
                        $"https://{keyVault.HostName}:8443/{path}"
                    )
                    {
                        AppId = caller?.Application.AppId,
                        ObjectId = caller?.Id,
                        Assignment = caller is null ? null : AssignmentOf(keyVault, caller, operation),
                        Reason = reason,
                        KeyId = (body as JsonObject).Object("key").Text("kid")
                            ?? (body as JsonObject).Text("kid")
                            ?? "",
                        Enabled = (body as JsonObject).Object("attributes").Flag("enabled"),
                        IsDedicated = setting.IsDedicated,
                        CorrelationId = Guid.NewGuid().ToString("D"),
                    }
                );
    }

    private string? AssignmentOf(KeyVault keyVault, ServicePrincipal caller, string operation) =>
        keyVault.Effective(context.Now, context.Propagation).RbacAuthorization is true
            ? context
                .Authorization.DecideData(
                    caller.Id,
                    operation switch
                    {
                        "KeyWrap" => KeyVaultAction.Wrap.Role,
                        "KeyUnwrap" => KeyVaultAction.Unwrap.Role,
                        "KeyEncrypt" => KeyVaultAction.Encrypt.Role,
                        "KeyDecrypt" => KeyVaultAction.Decrypt.Role,
                        _ => KeyVaultAction.Get.Role,
                    },
                    keyVault.Id
                )
                .Assignment?.Name
            : null;

    private static string OperationOf(string method, IReadOnlyList<string> path)
    {
        var isDeleted = path.Count > 0 && AzureDirectory.Same(path[0], "deletedkeys");
        var last = path.Count > 2 ? path[path.Count - 1].ToLowerInvariant() : "";
        return (method, path.Count, last) switch
        {
            ("GET", 1, _) => isDeleted ? "KeyListDeleted" : "KeyList",
            ("GET", 2, _) => isDeleted ? "KeyGetDeleted" : "KeyGet",
            ("GET", 3, "versions") => "KeyListVersions",
            ("GET", 3, "rotationpolicy") => "KeyRotationPolicyGet",
            ("PUT", 3, "rotationpolicy") => "KeyRotationPolicySet",
            ("GET", _, _) => "KeyGet",
            ("PATCH", _, _) => "KeyUpdate",
            ("PUT", _, _) => "KeyImport",
            ("DELETE", _, _) => isDeleted ? "KeyPurge" : "KeyDelete",
            ("POST", _, "create") => "KeyCreate",
            ("POST", _, "rotate") => "KeyRotate",
            ("POST", _, "recover") => "KeyRecover",
            _ => Uses.TryGetValue(last, out var use) ? use : "Unknown",
        };
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>IAM v1: service accounts, their policies and their keys.</summary>
internal sealed class IamAccounts(
    SandboxClock clock,
    GcpAccess access,
    GcpAccounts accounts,
    GcpConstraints constraints,
    ServiceAccountKeys keys,
    GcpTokens tokens
)
{
    private static readonly TimeSpan UndeletePeriod = TimeSpan.FromDays(30);

    /// <summary>Handles requests about service accounts; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST serviceAccounts":
                return Create(call);
            case "GET serviceAccounts":
                call.AllowQuery("pageSize", "pageToken");
                access.Require(call.Principal, "iam.serviceAccounts.list", call.Parent(1));
                return call.Page(
                    "accounts",
                    accounts.InProject(call.Path[1]).Select(a => a.ToJson()),
                    100,
                    withTotal: false
                );
            case "GET serviceAccounts/*":
                return Account(call, "get").ToJson();
            case "PATCH serviceAccounts/*":
                return Patch(call);
            case "DELETE serviceAccounts/*":
                Account(call, "delete").Deleted = clock.UtcNow;
                return [];
            case "POST serviceAccounts/*:undelete":
                return Undelete(call);
            case "POST serviceAccounts/*:disable":
                Account(call, "disable").Disabled = true;
                return [];
            case "POST serviceAccounts/*:enable":
                Account(call, "enable").Disabled = false;
                return [];
            case "POST serviceAccounts/*:getIamPolicy":
                var read = Account(call, "getIamPolicy", query: ["options.requestedPolicyVersion"]);
                // Unlike in Cloud KMS, this is a POST without a body.
                GcpJson.AllowFields(call.Body, "");
                return access.Read(Resource(read), call.Argument("options.requestedPolicyVersion"));
            case "POST serviceAccounts/*:setIamPolicy":
                return access.Write(Resource(Account(call, "setIamPolicy")), call.Body);
            case "POST serviceAccounts/*:testIamPermissions":
                call.AllowQuery();
                return access.Test(
                    call.Principal,
                    accounts.Find(call.Path[3]) is { } tested ? Resource(tested) : call.Name,
                    call.Body
                );
            case "POST serviceAccounts/*:generateAccessToken":
                return GenerateToken(call);
            case "POST serviceAccounts/*/keys":
                call.AllowQuery();
                var holder = Visible(call, "iam.serviceAccountKeys.create");
                constraints.RequireAccountKeyCreation(holder);
                return keys.Create(holder, call.Body);
            case "GET serviceAccounts/*/keys":
                call.AllowQuery("keyTypes");
                return ServiceAccountKeys.List(Visible(call, "iam.serviceAccountKeys.list"), call.Query);
            case "DELETE serviceAccounts/*/keys/*":
                call.AllowQuery();
                return ServiceAccountKeys.Delete(Visible(call, "iam.serviceAccountKeys.delete"), call.Path[5]);
            default:
                return null;
        }
    }

    /// <summary>
    /// The resource that a policy belongs to. It has the unique id, so that a new account of the same name has no
    /// policy.
    /// </summary>
    public static string Resource(ServiceAccount account) =>
        $"projects/{account.Project}/serviceAccounts/{account.UniqueId}";

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery();
        access.Require(call.Principal, "iam.serviceAccounts.create", call.Parent(1));
        GcpJson.AllowFields(call.Body, "", "accountId", "serviceAccount");
        var id = GcpJson.Text(call.Body, "accountId") ?? "";
        if (!Regex.IsMatch(id, "^[a-z][-a-z0-9]{4,28}[a-z0-9]$"))
            throw GcpException.Invalid(
                $"The account ID \"{id}\" does not have a length between 6 and 30 "
                    + "or does not match [a-z]([-a-z0-9]*[a-z0-9])."
            );
        var fields = Fields(GcpJson.Message(call.Body, "serviceAccount") ?? []);
        constraints.RequireAccountCreation(call.Parent(1));
        if (accounts.Find($"{id}@{call.Path[1]}.iam.gserviceaccount.com") is { } existing)
            throw new GcpException(
                "ALREADY_EXISTS",
                $"Service account {id} already exists within project {call.Parent(1)}.",
                GcpException.ErrorInfo("ALREADY_EXISTS", "iam.googleapis.com", ("name", existing.Name))
            );
        var account = accounts.Add(call.Path[1], id, clock.UtcNow);
        (account.DisplayName, account.Description) = fields;
        return account.ToJson();
    }

    /// <summary>A missing account is refused as a missing permission is.</summary>
    private JsonObject GenerateToken(GcpCall call)
    {
        const string Permission = "iam.serviceAccounts.getAccessToken";
        call.AllowQuery();
        if (
            accounts.Find(call.Path[3]) is not { } account
            || !access.Has(call.Principal, Permission, Resource(account))
        )
            throw new GcpException(
                "PERMISSION_DENIED",
                $"Permission '{Permission}' denied on resource (or it may not exist).",
                GcpException.ErrorInfo("IAM_PERMISSION_DENIED", "iam.googleapis.com", ("permission", Permission))
            );
        if (account.Disabled)
            throw GcpException.Precondition($"Service account {account.Email} is disabled.");
        return tokens.Generate(account, call.Body);
    }

    private JsonObject Patch(GcpCall call)
    {
        var account = Account(call, "update");
        GcpJson.AllowFields(call.Body, "", "serviceAccount", "updateMask");
        var (displayName, description) = Fields(GcpJson.Message(call.Body, "serviceAccount") ?? []);
        var mask = GcpJson.Mask(GcpJson.Text(call.Body, "updateMask"));
        if (mask.Length == 0)
            throw GcpException.Invalid("The update_mask is missing.");
        if (mask.FirstOrDefault(m => m is not ("displayName" or "description")) is { } other)
            throw GcpException.Invalid($"The update_mask names {other}, which cannot be updated.");
        if (mask.Contains("displayName"))
            account.DisplayName = displayName;
        if (mask.Contains("description"))
            account.Description = description;
        return account.ToJson();
    }

    private JsonObject Undelete(GcpCall call)
    {
        call.AllowQuery();
        access.Require(call.Principal, "iam.serviceAccounts.undelete", call.Name);
        if (
            accounts.FindAny(call.Path[3]) is not { Deleted: { } deleted } account
            || account.Project != call.Path[1]
            || clock.UtcNow - deleted > UndeletePeriod
        )
            throw GcpException.NotFound($"Deleted service account {call.Path[3]}");
        if (accounts.Find(account.Email) is not null)
            throw GcpException.Precondition($"Service account {account.Email} was created again in the meantime.");
        account.Deleted = null;
        return new JsonObject { ["restoredAccount"] = account.ToJson() };
    }

    private static (string? DisplayName, string? Description) Fields(JsonObject body)
    {
        GcpJson.AllowFields(
            body,
            "service_account",
            "name",
            "projectId",
            "uniqueId",
            "email",
            "displayName",
            "etag",
            "description",
            "oauth2ClientId",
            "disabled"
        );
        var (displayName, description) = (GcpJson.Text(body, "displayName"), GcpJson.Text(body, "description"));
        if (System.Text.Encoding.UTF8.GetByteCount(displayName ?? "") > 100)
            throw GcpException.Invalid("The display name is longer than 100 bytes.");
        if (System.Text.Encoding.UTF8.GetByteCount(description ?? "") > 256)
            throw GcpException.Invalid("The description is longer than 256 bytes.");
        return (displayName, description);
    }

    private ServiceAccount Account(GcpCall call, string permission, params string[] query)
    {
        call.AllowQuery(query);
        return Visible(call, "iam.serviceAccounts." + permission);
    }

    /// <summary>
    /// The account of the path. Reading a new account returns 404 and 403 in turn until it is visible.
    /// </summary>
    private ServiceAccount Visible(GcpCall call, string permission)
    {
        var account = accounts.Find(call.Path[3]) is { } found && found.Project == call.Path[1] ? found : null;
        access.Require(call.Principal, permission, account is null ? call.Name : Resource(account));
        if (account is not null && accounts.IsVisible(account))
            return account;
        if (account is not null && account.EarlyReads++ % 2 == 1)
            throw GcpException.Denied(permission, call.Name);
        throw GcpException.NotFound($"Service account {call.Name}");
    }
}

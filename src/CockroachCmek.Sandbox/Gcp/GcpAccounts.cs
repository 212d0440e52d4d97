using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A service account.</summary>
internal sealed class ServiceAccount(string project, string accountId, string uniqueId, DateTimeOffset created)
{
    public string Project { get; } = project;
    public string Email { get; } = $"{accountId}@{project}.iam.gserviceaccount.com";
    public string UniqueId { get; } = uniqueId;
    public DateTimeOffset Created { get; } = created;
    public string? DisplayName { get; set; }
    public string? Description { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset? Deleted { get; set; }
    public List<ServiceAccountKey> Keys { get; } = [];

    /// <summary>How often it was read before it was visible.</summary>
    public int EarlyReads { get; set; }

    public string Name => $"projects/{Project}/serviceAccounts/{Email}";

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["projectId"] = Project,
            ["uniqueId"] = UniqueId,
            ["email"] = Email,
            ["etag"] = Convert.ToBase64String(GcpPolicy.NewEtag(0)),
            ["oauth2ClientId"] = UniqueId,
        };
        if (DisplayName is not null)
            json["displayName"] = DisplayName;
        if (Description is not null)
            json["description"] = Description;
        if (Disabled)
            json["disabled"] = true;
        return json;
    }
}

/// <summary>A key that signs a service account's assertions.</summary>
internal sealed record ServiceAccountKey(string Id, RSAParameters Public, DateTimeOffset Created);

/// <summary>All service accounts that policies can name: the customer's and those of other organizations.</summary>
internal sealed class GcpAccounts(SandboxClock clock, GcpData data)
{
    /// <summary>
    /// How long reading a new account returns 404 or 403: about ten seconds (terraform magic-modules 10813, 14447).
    /// </summary>
    public static readonly TimeSpan VisibilityDelay = TimeSpan.FromSeconds(10);

    public IEnumerable<ServiceAccount> InProject(string project) =>
        data
            .Accounts.Where(a => a.Project == project && a.Deleted is null && IsVisible(a))
            .OrderBy(a => a.Email, StringComparer.Ordinal);

    public bool IsVisible(ServiceAccount account) => clock.UtcNow >= account.Created + VisibilityDelay;

    /// <summary>The account with this e-mail address or unique id, unless it is deleted.</summary>
    public ServiceAccount? Find(string emailOrId) =>
        data.Accounts.FirstOrDefault(a => a.Deleted is null && (a.Email == emailOrId || a.UniqueId == emailOrId));

    /// <summary>The account with this unique id, even if it is deleted.</summary>
    public ServiceAccount? FindAny(string? uniqueId) => data.Accounts.FirstOrDefault(a => a.UniqueId == uniqueId);

    public ServiceAccount Add(string project, string accountId, DateTimeOffset created)
    {
        // Google's unique ids have 21 digits too.
        var account = new ServiceAccount(
            project,
            accountId,
            "1000000000" + (++data.LastAccountNumber).ToString("D11", CultureInfo.InvariantCulture),
            created
        );
        data.Accounts.Add(account);
        return account;
    }

    /// <summary>Adds an account of a foreign project, if it is missing.</summary>
    public void AddForeign(string email)
    {
        if (Find(email) is not null)
            return;
        var parts = email.Split('@');
        Add(parts[1].Split('.')[0], parts[0], clock.UtcNow.AddDays(-400));
    }
}

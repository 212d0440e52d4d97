using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Session;

/// <summary>The public model of a running sandbox, made from its server.</summary>
internal static class SandboxModel
{
    public static CrdbSandbox Describe(SandboxServer server, double timeScale) =>
        new()
        {
            CloudEndpoint = server.CloudEndpoint,
            ApiKey = server.Cloud.AdminKey,
            ViewerApiKey = server.Cloud.ViewerKey,
            OrganizationId = server.Cloud.OrganizationId,
            AwsEndpoint = server.AwsEndpoint,
            AwsAccessKeyId = server.Aws.AccessKeyId,
            AwsSecretAccessKey = server.Aws.SecretAccessKey,
            AwsAccountId = server.Aws.AccountId,
            GcpEndpoint = server.GcpEndpoint,
            GcpAccessToken = server.Gcp.AccessToken,
            GcpProject = server.Gcp.ProjectId,
            AzureEndpoint = server.AzureEndpoint,
            AzureCertificate = server.Azure.CaPem,
            AzureProxy = server.AzureProxyEndpoint,
            AzureTenantId = server.Azure.TenantId,
            AzureSubscriptionId = server.Azure.SubscriptionId,
            AzureClientId = server.Azure.Admin.ClientId,
            AzureClientSecret = server.Azure.Admin.Secret,
            AzureKeyVaultName = server.Azure.VaultName,
            AzureIdentityEndpoint = new Uri(server.ManagedIdentityEndpoint, "MSI/token"),
            AzureIdentityHeader = server.Azure.ManagedIdentity.Secret,
            VaultEndpoint = server.VaultEndpoint,
            VaultToken = server.Vault.RootToken,
            TimeScale = timeScale,
            Environment = new Dictionary<string, string>
            {
                [ApiKeySource.ServerVariable] = server.CloudEndpoint.ToString(),
                [ApiKeySource.Variable] = server.Cloud.AdminKey,
                ["AWS_ENDPOINT_URL"] = server.AwsEndpoint.ToString(),
                ["AWS_ACCESS_KEY_ID"] = server.Aws.AccessKeyId,
                ["AWS_SECRET_ACCESS_KEY"] = server.Aws.SecretAccessKey,
                ["AWS_REGION"] = "us-east-1",
                ["AWS_DEFAULT_REGION"] = "us-east-1", // what the aws command reads
                // gcloud reads its token from a file only: SaveClientFiles.
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_ORGPOLICY"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_POLICYTROUBLESHOOTER"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_CORE_PROJECT"] = server.Gcp.ProjectId,
                ["GOOGLE_CLOUD_PROJECT"] = server.Gcp.ProjectId,
                ["AZURE_AUTHORITY_HOST"] = server.AzureEndpoint.ToString(),
                ["AZURE_TENANT_ID"] = server.Azure.TenantId,
                ["AZURE_SUBSCRIPTION_ID"] = server.Azure.SubscriptionId,
                ["AZURE_CLIENT_ID"] = server.Azure.Admin.ClientId,
                ["AZURE_CLIENT_SECRET"] = server.Azure.Admin.Secret,
                ["VAULT_ADDR"] = server.VaultEndpoint.GetLeftPart(UriPartial.Authority),
                ["VAULT_TOKEN"] = server.Vault.RootToken,
            },
            Restart = server.Cloud.RestartNodes,
            Recover = server.Cloud.Recover,
            AdvanceClock = server.Clock.Advance,
            SaveState = server.Save,
            LoadState = state =>
            {
                server.Load(
                    state as SandboxSnapshot
                        ?? throw new ArgumentException("The object is not a saved state of a sandbox.", nameof(state))
                );
                return Describe(server, timeScale);
            },
            MakeAzurePrincipal = rights =>
            {
                var made = server.Azure.AddPrincipal(
                    "limited",
                    Enum.TryParse<AzureRights>(rights, ignoreCase: true, out var parsed)
                        ? parsed
                        : throw new ArgumentException(
                            $"{rights} is not one of {string.Join(", ", typeof(AzureRights).GetEnumNames())}.",
                            nameof(rights)
                        )
                );
                return new NetworkCredential(made.ClientId, made.Secret);
            },
            MakeGcpPrincipal = (permissions, isWithout) =>
                isWithout
                    ? server.Gcp.AddPrincipalWithout("limited@example.com", permissions)
                    : server.Gcp.AddPrincipal("limited@example.com", permissions),
            SaveFiles = folder => ClientFiles.Save(server, folder),
            ReadExchanges = () => [.. server.Exchanges.Select(Exchange)],
            ForgetExchanges = server.ClearExchanges,
            ApplyFault = fault =>
            {
                if (fault is null)
                    server.Faults.Clear();
                else
                    server.Faults.Add(Rule(fault));
            },
        };

    private static FaultRule Rule(SandboxFault fault) =>
        new()
        {
            Service = fault.Service,
            Method = fault.Method,
            Pattern = fault.Pattern,
            Skip = fault.Skip,
            Count = fault.Count,
            Action = (FaultAction)fault.Action,
            Status = fault.Status,
            RetryAfter = fault.RetryAfter,
        };

    private static SandboxExchange Exchange(RecordedExchange exchange)
    {
        var body = Encoding.UTF8.GetString(exchange.Request.Body);
        var target = exchange.Request.Header("X-Amz-Target");
        return new SandboxExchange
        {
            Index = exchange.Request.Index,
            Service = exchange.Request.Service,
            Method = exchange.Request.Method,
            Target = exchange.Request.RawTarget,
            Operation =
                exchange.Request.Service == "azure"
                    ? $"{exchange.Request.Method} {exchange.Request.Header("Host")}{exchange.Request.Path}"
                : exchange.Request.Service != "aws" ? $"{exchange.Request.Method} {exchange.Request.Path}"
                : target is not null
                    ? $"{(target.Contains("CloudTrail") ? "cloudtrail" : "kms")}:{target.Split('.').Last()}"
                : QueryOperation(body),
            RequestHeaders = new CmekFields(
                exchange
                    .Request.Headers.GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase)
                    .ToDictionary(
                        g => g.Key,
                        g => (object?)string.Join(", ", g.Select(h => h.Value)),
                        StringComparer.OrdinalIgnoreCase
                    )
            ),
            RequestBody = body,
            Status = exchange.Response?.Status,
            LostStatus = exchange.LostStatus,
            ResponseBody = exchange.Response is null ? "" : Encoding.UTF8.GetString(exchange.Response.Body),
        };
    }

    /// <summary>The operation of a request in AWS's query protocol.</summary>
    private static string QueryOperation(string body)
    {
        var action = Regex.Match(body, @"(?:^|&)Action=(\w+)(?:&|$)").Groups[1].Value;
        return $"{(action is "GetCallerIdentity" or "AssumeRole" ? "sts" : "iam")}:{action}";
    }
}

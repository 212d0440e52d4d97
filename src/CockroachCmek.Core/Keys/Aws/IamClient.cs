using System.Globalization;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// IAM's Query protocol on AWSSDK.Core's own pipeline: credentials, signing, clock skew, proxies and logging are the
/// SDK's.
/// </summary>
/// <remarks>
/// Types of *.Internal namespaces are public but carry no compatibility promise. The package version is pinned, and
/// tests cover this client.
/// </remarks>
internal sealed class IamClient : AmazonServiceClient, IAwsIam
{
    /// <summary>With the SDK's credential chain.</summary>
    public IamClient(ThinServiceConfig config)
        : base(config) { }

    public IamClient(AWSCredentials credentials, ThinServiceConfig config)
        : base(credentials, config) { }

    protected override IServiceMetadata ServiceMetadata { get; } = new ThinServiceMetadata("IAM");

    public async Task<IamRole> GetRoleAsync(string roleName, CancellationToken cancellationToken) =>
        ParseRole(await CallAsync("GetRole", cancellationToken, ("RoleName", roleName)));

    public async Task<IamRole> CreateRoleAsync(
        string roleName,
        string path,
        string trustPolicy,
        string description,
        string? permissionsBoundary,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    ) =>
        ParseRole(
            await CallAsync(
                "CreateRole",
                cancellationToken,
                [
                    ("RoleName", roleName),
                    ("Path", path),
                    ("AssumeRolePolicyDocument", trustPolicy),
                    ("Description", description),
                    .. permissionsBoundary is null
                        ? Array.Empty<(string, string)>()
                        : [("PermissionsBoundary", permissionsBoundary)],
                    .. TagParameters(tags),
                ]
            )
        );

    public Task PutRolePermissionsBoundaryAsync(
        string roleName,
        string permissionsBoundary,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            "PutRolePermissionsBoundary",
            cancellationToken,
            ("RoleName", roleName),
            ("PermissionsBoundary", permissionsBoundary)
        );

    public Task PutRolePolicyAsync(
        string roleName,
        string policyName,
        string policyDocument,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            "PutRolePolicy",
            cancellationToken,
            ("RoleName", roleName),
            ("PolicyName", policyName),
            ("PolicyDocument", policyDocument)
        );

    public Task DeleteRolePolicyAsync(string roleName, string policyName, CancellationToken cancellationToken) =>
        CallAsync("DeleteRolePolicy", cancellationToken, ("RoleName", roleName), ("PolicyName", policyName));

    public Task UpdateAssumeRolePolicyAsync(string roleName, string trustPolicy, CancellationToken cancellationToken) =>
        CallAsync("UpdateAssumeRolePolicy", cancellationToken, ("RoleName", roleName), ("PolicyDocument", trustPolicy));

    public Task TagRoleAsync(
        string roleName,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    ) => CallAsync("TagRole", cancellationToken, [("RoleName", roleName), .. TagParameters(tags)]);

    public Task<IReadOnlyList<string>> ListRolePoliciesAsync(string roleName, CancellationToken cancellationToken) =>
        ListAsync(
            "ListRolePolicies",
            roleName,
            response => response.Required("PolicyNames").Elements().Select(m => m.Value),
            cancellationToken
        );

    public Task<IReadOnlyList<string>> ListAttachedRolePoliciesAsync(
        string roleName,
        CancellationToken cancellationToken
    ) =>
        ListAsync(
            "ListAttachedRolePolicies",
            roleName,
            response => response.Required("AttachedPolicies").Elements().Select(m => m.Required("PolicyArn").Value),
            cancellationToken
        );

    public async Task<string> GetRolePolicyAsync(
        string roleName,
        string policyName,
        CancellationToken cancellationToken
    ) =>
        ParseDocument(
            (
                await CallAsync("GetRolePolicy", cancellationToken, ("RoleName", roleName), ("PolicyName", policyName))
            ).Required("PolicyDocument")
        );

    public async Task<string> GetPolicyDefaultVersionAsync(string policyArn, CancellationToken cancellationToken) =>
        (await CallAsync("GetPolicy", cancellationToken, ("PolicyArn", policyArn))).Required("DefaultVersionId").Value;

    public async Task<string> GetPolicyVersionAsync(
        string policyArn,
        string versionId,
        CancellationToken cancellationToken
    ) =>
        ParseDocument(
            (
                await CallAsync(
                    "GetPolicyVersion",
                    cancellationToken,
                    ("PolicyArn", policyArn),
                    ("VersionId", versionId)
                )
            ).Required("Document")
        );

    public async Task<string> SimulatePrincipalPolicyAsync(
        string principalArn,
        string action,
        string resourceArn,
        CancellationToken cancellationToken
    ) =>
        (
            await CallAsync(
                "SimulatePrincipalPolicy",
                cancellationToken,
                ("PolicySourceArn", principalArn),
                ("ActionNames.member.1", action),
                ("ResourceArns.member.1", resourceArn)
            )
        )
            .Required("EvaluationResults")
            .Elements()
            .First()
            .Required("EvalDecision")
            .Value;

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new ThinEndpointResolver());
        pipeline.AddHandlerAfter<ThinEndpointResolver>(new ThinAuthHandler());
    }

    private async Task<IReadOnlyList<string>> ListAsync(
        string action,
        string roleName,
        Func<XElement, IEnumerable<string>> read,
        CancellationToken cancellationToken
    )
    {
        var all = new List<string>();
        string? marker = null;
        do
        {
            (string, string)[] page = marker is null ? [] : [("Marker", marker)];
            var response = await CallAsync(action, cancellationToken, [("RoleName", roleName), .. page]);
            all.AddRange(read(response));
            marker = response.Optional("IsTruncated") == "true" ? response.Optional("Marker") : null;
        } while (marker is not null);

        return all;
    }

    private async Task<XElement> CallAsync(
        string action,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] parameters
    )
    {
        var options = new InvokeOptions
        {
            RequestMarshaller = IamMarshaller.Instance,
            ResponseUnmarshaller = IamUnmarshaller.Instance,
        };
        var request = new IamRequest(action, parameters);
        return (await InvokeAsync<IamResponse>(request, options, cancellationToken)).Body;
    }

    private static IEnumerable<(string, string)> TagParameters(IReadOnlyDictionary<string, string> tags) =>
        tags.SelectMany(
            (tag, i) => new[] { ($"Tags.member.{i + 1}.Key", tag.Key), ($"Tags.member.{i + 1}.Value", tag.Value) }
        );

    /// <summary>IAM percent-encodes a document (RFC 3986); some emulators send it plain.</summary>
    private static string ParseDocument(XElement document) =>
        document.Value.StartsWith("%", StringComparison.Ordinal)
            ? Uri.UnescapeDataString(document.Value)
            : document.Value;

    private static DateTimeOffset? ParseTime(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private static IamRole ParseRole(XElement response)
    {
        var role = response.Required("Role");
        return new IamRole(
            role.Required("RoleName").Value,
            role.Required("Arn").Value,
            role.Required("RoleId").Value,
            ParseDocument(role.Required("AssumeRolePolicyDocument")),
            role.Elements()
                .Where(e => e.Name.LocalName == "Tags")
                .Elements()
                .ToDictionary(t => t.Required("Key").Value, t => t.Required("Value").Value)
        )
        {
            CreatedAt = ParseTime(role.Optional("CreateDate")),
            LastUsedAt = ParseTime(
                role.Elements().FirstOrDefault(e => e.Name.LocalName == "RoleLastUsed")?.Optional("LastUsedDate")
            ),
            PermissionsBoundary = role.Elements()
                .FirstOrDefault(e => e.Name.LocalName == "PermissionsBoundary")
                ?.Optional("PermissionsBoundaryArn"),
        };
    }
}

using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>The sandbox's AWS: STS, IAM (Query protocol) and KMS (JSON 1.1) of one customer's account, at one address; the signature's scope tells service and region.</summary>
public sealed class AwsSandbox : ISandboxService
{
    private readonly object _gate;
    private readonly TimeProvider _real;
    private readonly AwsData _data;
    private readonly IamService _iam;
    private readonly KmsService _kms;

    internal AwsSandbox(object gate, SandboxClock clock, TimeProvider real, AwsData data)
    {
        (_gate, _real, _data) = (gate, real, data);
        _iam = new IamService(clock, AccountId, data);
        _kms = new KmsService(clock, AccountId, data, _iam);
        _iam.AddAdministrator("sandbox-admin");
        _data.AdminAccessKeyId = _iam.NewAccessKey("sandbox-admin").AccessKeyId;
    }

    /// <summary>The customer's account.</summary>
    public string AccountId { get; } = "200000000001";

    /// <summary>Access key of an administrator of the account. Made at start, worth nothing elsewhere.</summary>
    public string AccessKeyId => _data.AdminAccessKeyId;

    /// <summary>Its secret.</summary>
    public string SecretAccessKey => _data.Credentials[_data.AdminAccessKeyId].Secret;

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Answer(request));
    }

    /// <summary>A role and a key that are there when the sandbox starts, for a cluster that uses CMEK already.</summary>
    internal SandboxKeySpec SeedKey(string clusterName, string trustedAccount, string externalId, string region)
    {
        lock (_gate)
        {
            var role = _iam.SeedRole($"crdb-cmek-{clusterName}", trustedAccount, externalId);
            return new SandboxKeySpec("AWS_KMS", _kms.SeedKey(region, role), role);
        }
    }

    internal T Locked<T>(Func<IamService, KmsService, T> read)
    {
        lock (_gate)
            return read(_iam, _kms);
    }

    /// <summary>What somebody does in KMS who signs in with an access key from inside the sandbox, where no request is signed.</summary>
    /// <exception cref="AwsFault">The key is unknown, the secret is wrong, or a policy refuses.</exception>
    internal T SignedIn<T>(string accessKeyId, string secret, string? sessionToken, Func<Caller, KmsService, T> act)
    {
        lock (_gate)
        {
            if (
                !_data.Credentials.TryGetValue(accessKeyId, out var credential)
                || credential.SessionToken != sessionToken
            )
                throw new AwsFault(
                    "UnrecognizedClientException",
                    "The security token included in the request is invalid."
                );
            if (credential.Secret != secret)
                throw new AwsFault(
                    "InvalidSignatureException",
                    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
                );
            return act(_iam.CallerOf(credential), _kms);
        }
    }

    private SandboxResponse Answer(SandboxRequest request)
    {
        var isKms = request.Header("X-Amz-Target") is not null;
        try
        {
            var scope = SignatureScope.Parse(request.Header("Authorization"))
                ?? throw new AwsFault(
                    isKms ? "MissingAuthenticationTokenException" : "MissingAuthenticationToken",
                    "Request is missing Authentication Token",
                    403
                );
            var caller = Authenticate(request, scope);
            if (isKms)
                return Json(
                    _kms.Answer(caller, scope.Region, request.Header("X-Amz-Target")!.Split('.').Last(), Body(request))
                );
            var form = Form(Encoding.UTF8.GetString(request.Body));
            form.TryGetValue("Action", out var action);
            return scope.Service switch
            {
                "iam" => Xml(
                    action ?? "",
                    "https://iam.amazonaws.com/doc/2010-05-08/",
                    _iam.Answer(caller, action ?? "", form)
                ),
                "sts" => Xml(
                    action ?? "",
                    "https://sts.amazonaws.com/doc/2011-06-15/",
                    Sts(caller, action ?? "", form)
                ),
                _ => throw new AwsFault("InvalidAction", $"This sandbox has no service '{scope.Service}'."),
            };
        }
        catch (AwsFault fault)
        {
            return isKms
                ? new SandboxResponse(
                    fault.Status == 403 ? 400 : fault.Status,
                    Encoding.UTF8.GetBytes(
                        new JsonObject { ["__type"] = KmsCode(fault.Code), ["message"] = fault.Message }.ToJsonString()
                    ),
                    "application/x-amz-json-1.1"
                )
                {
                    Headers = RequestId(),
                }
                : new SandboxResponse(
                    fault.Status,
                    Encoding.UTF8.GetBytes(
                        new XElement(
                            "ErrorResponse",
                            new XElement(
                                "Error",
                                new XElement("Type", "Sender"),
                                new XElement("Code", fault.Code),
                                new XElement("Message", fault.Message)
                            ),
                            new XElement("RequestId", Guid.NewGuid().ToString("D"))
                        ).ToString()
                    ),
                    "text/xml"
                )
                {
                    Headers = RequestId(),
                };
        }
    }

    private Caller Authenticate(SandboxRequest request, SignatureScope scope)
    {
        if (
            !_data.Credentials.TryGetValue(scope.AccessKeyId, out var credential)
            || (credential.SessionToken is { } token && token != request.Header("X-Amz-Security-Token"))
        )
            throw new AwsFault("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
        if (SigV4.Check(request, scope, credential.Secret, _real.GetUtcNow()) is { } refusal)
            throw refusal;
        return _iam.CallerOf(credential);
    }

    private XElement? Sts(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        switch (action)
        {
            case "GetCallerIdentity":
                return new XElement(
                    "GetCallerIdentityResult",
                    new XElement("UserId", caller.UniqueId),
                    new XElement("Account", caller.AccountId),
                    new XElement("Arn", caller.Arn)
                );
            case "AssumeRole":
                var session = _iam.Assume(
                    caller,
                    Needed(form, "RoleArn"),
                    Needed(form, "RoleSessionName"),
                    form.TryGetValue("ExternalId", out var external) ? external : null
                );
                var credential = _iam.NewSession(session);
                return new XElement(
                    "AssumeRoleResult",
                    new XElement(
                        "AssumedRoleUser",
                        new XElement("AssumedRoleId", $"{session.UniqueId}:{form["RoleSessionName"]}"),
                        new XElement("Arn", session.Arn)
                    ),
                    new XElement(
                        "Credentials",
                        new XElement("AccessKeyId", credential.AccessKeyId),
                        new XElement("SecretAccessKey", credential.Secret),
                        new XElement("SessionToken", credential.SessionToken),
                        new XElement(
                            "Expiration",
                            _real
                                .GetUtcNow()
                                .AddHours(1)
                                .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
                        )
                    )
                );
            default:
                throw new AwsFault("InvalidAction", $"Could not find operation {action} for version 2011-06-15");
        }
    }

    private static string KmsCode(string code) =>
        code switch
        {
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "AccessDenied" => "AccessDeniedException",
            _ => code,
        };

    private static JsonObject Body(SandboxRequest request)
    {
        try
        {
            return JsonNode.Parse(request.Body) as JsonObject
                ?? throw new AwsFault("SerializationException", "The body is no object.");
        }
        catch (System.Text.Json.JsonException fault)
        {
            throw new AwsFault("SerializationException", fault.Message);
        }
    }

    internal static string Needed(IReadOnlyDictionary<string, string> form, string name) =>
        form.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new AwsFault(
                "ValidationError",
                $"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
            );

    private static Dictionary<string, string> Form(string body) =>
        body.Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Decode(p[0]))
            .ToDictionary(g => g.Key, g => g.Last().Length > 1 ? Decode(g.Last()[1]) : "");

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static SandboxResponse Json(JsonNode answer) =>
        new(200, Encoding.UTF8.GetBytes(answer.ToJsonString()), "application/x-amz-json-1.1") { Headers = RequestId() };

    private static SandboxResponse Xml(string action, string space, XElement? result)
    {
        var root = new XElement(
            action + "Response",
            result,
            new XElement("ResponseMetadata", new XElement("RequestId", Guid.NewGuid().ToString("D")))
        );
        XNamespace name = space;
        foreach (var element in root.DescendantsAndSelf())
            element.Name = name + element.Name.LocalName;
        return new SandboxResponse(
            200,
            Encoding.UTF8.GetBytes(root.ToString(SaveOptions.DisableFormatting)),
            "text/xml"
        )
        {
            Headers = RequestId(),
        };
    }

    private static List<KeyValuePair<string, string>> RequestId() =>
        [new("x-amzn-RequestId", Guid.NewGuid().ToString("D"))];
}

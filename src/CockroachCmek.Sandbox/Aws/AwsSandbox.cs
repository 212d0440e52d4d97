using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// The sandbox's AWS: STS, IAM (Query protocol) and KMS (JSON 1.1) of one customer's account, at one address. The scope
/// of the signature names service and region.
/// </summary>
public sealed class AwsSandbox : ISandboxService
{
    private readonly object _gate;
    private readonly TimeProvider _real;
    private readonly AwsData _data;
    private readonly IamPrincipals _principals;
    private readonly IamService _iam;
    private readonly StsService _sts;
    private readonly KmsService _kms;
    private readonly CloudTrailService _cloudTrail;
    private readonly TrailRecorder _recorder;

    internal AwsSandbox(object gate, SandboxClock clock, TimeProvider real, AwsData data)
    {
        (_gate, _real, _data) = (gate, real, data);
        Settings = new AwsSettings(gate, data);
        var access = new AccessEvaluator(clock, AccountId, data);
        _principals = new IamPrincipals(clock, AccountId, data, access);
        _iam = new IamService(clock, AccountId, data, _principals, access);
        _sts = new StsService(real, _principals);
        _kms = new KmsService(clock, AccountId, data, _principals, access);
        var trail = new TrailLog(clock, data);
        _cloudTrail = new CloudTrailService(trail, data, AccountId, access);
        _recorder = new TrailRecorder(trail, _kms);
        _data.UsageTrackedFrom = clock.UtcNow.AddDays(-200);
        foreach (var policy in IamManagedPolicies.AwsManaged(clock.UtcNow.AddYears(-5)))
            _data.Policies[policy.Arn] = policy;
        _principals.AddAdministrator("sandbox-admin");
        _data.AdminAccessKeyId = _principals.NewAccessKey("sandbox-admin").AccessKeyId;
    }

    /// <summary>The customer's account.</summary>
    public string AccountId { get; } = "200000000001";

    /// <summary>What can be changed about this AWS.</summary>
    public AwsSettings Settings { get; }

    /// <summary>Access key id of an administrator of the account. Created at start, worth nothing elsewhere.</summary>
    public string AccessKeyId => _data.AdminAccessKeyId;

    /// <summary>The secret that belongs to <see cref="AccessKeyId"/>.</summary>
    public string SecretAccessKey => _data.Credentials[_data.AdminAccessKeyId].Secret;

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Handle(request));
    }

    /// <summary>Creates a role and a key that a cluster has used for a year.</summary>
    internal SandboxKeySpec SeedKey(string clusterName, string trustedAccount, string externalId, string region)
    {
        lock (_gate)
        {
            var role = _iam.SeedRole($"crdb-cmek-{clusterName}", trustedAccount, externalId);
            return new SandboxKeySpec("AWS_KMS", _kms.SeedKey(region, role), role);
        }
    }

    /// <summary>A role that another team created long ago; an account may assume it without an external id.</summary>
    internal void SeedForeignRole(string name, string trustedAccount)
    {
        lock (_gate)
            if (!_data.Roles.ContainsKey(name))
                _iam.SeedForeignRole(name, trustedAccount);
    }

    /// <summary>Prepares data while no request is processed.</summary>
    internal void Prepare(Action<AwsData, IamPrincipals, KmsService> prepare)
    {
        lock (_gate)
            prepare(_data, _principals, _kms);
    }

    internal T Locked<T>(Func<IamPrincipals, KmsService, T> work)
    {
        lock (_gate)
            return work(_principals, _kms);
    }

    /// <summary>Uses KMS from inside the sandbox, with an entry in the event history.</summary>
    internal T Logged<T>(Func<IamPrincipals, KmsService, TrailRecorder, T> work)
    {
        lock (_gate)
            return work(_principals, _kms, _recorder);
    }

    /// <summary>Uses KMS with an access key from inside the sandbox, where no request is signed.</summary>
    /// <exception cref="AwsException">The key is unknown, the secret is wrong, or a policy refuses.</exception>
    internal T SignedIn<T>(string accessKeyId, string secret, string? sessionToken, Func<Caller, KmsService, T> work)
    {
        lock (_gate)
        {
            if (
                !_data.Credentials.TryGetValue(accessKeyId, out var credential)
                || credential.SessionToken != sessionToken
            )
                throw new AwsException(
                    "UnrecognizedClientException",
                    "The security token included in the request is invalid."
                );
            if (credential.Secret != secret)
                throw new AwsException("InvalidSignatureException", SigV4.Mismatch);
            return work(_principals.CallerOf(credential), _kms);
        }
    }

    /// <summary>An operation of KMS from inside the sandbox, within <see cref="SignedIn"/>.</summary>
    /// <exception cref="AwsException">The caller is not allowed to do it, or the request is wrong.</exception>
    internal JsonObject CallKms(Caller caller, string accessKeyId, string region, string operation, JsonObject body) =>
        CallKms(new TrailCall(caller, accessKeyId, region, operation, Guid.NewGuid().ToString("D")), body);

    private JsonObject CallKms(TrailCall call, JsonObject body) =>
        Recorded(
            () => _kms.Handle(call.Caller, call.Region, call.Operation, body),
            (result, refusal) => _recorder.Kms(call, body, result, refusal)
        );

    private SandboxResponse Handle(SandboxRequest request)
    {
        var target = request.Header("X-Amz-Target");
        var requestId = Guid.NewGuid().ToString("D");
        try
        {
            var scope = SignatureScope.Parse(request.Header("Authorization"))
                ?? throw new AwsException(
                    target is null ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException",
                    "Request is missing Authentication Token",
                    403
                );
            if (!AwsRegions.IsOpen(scope.Region, _data))
                throw UnknownToken();
            var caller = Authenticate(request, scope);
            var call = new TrailCall(caller, scope.AccessKeyId, scope.Region, "", requestId);
            return target is null
                ? HandleQuery(call, scope.Service, request)
                : AwsResponse.Json(
                    HandleJson(call with { Operation = target.Split('.').Last() }, target, request),
                    requestId
                );
        }
        catch (AwsException error)
        {
            return target is null ? AwsResponse.XmlError(error, requestId) : AwsResponse.JsonError(error, requestId);
        }
    }

    private Caller Authenticate(SandboxRequest request, SignatureScope scope)
    {
        if (
            !_data.Credentials.TryGetValue(scope.AccessKeyId, out var credential)
            || (credential.SessionToken is { } token && token != request.Header("X-Amz-Security-Token"))
        )
            throw UnknownToken();
        if (SigV4.Check(request, scope, credential.Secret, _real.GetUtcNow()) is { } error)
            throw error;
        return _principals.CallerOf(credential);
    }

    /// <summary>KMS names it UnrecognizedClientException.</summary>
    private static AwsException UnknownToken() =>
        new("InvalidClientTokenId", "The security token included in the request is invalid.", 403);

    private JsonObject HandleJson(TrailCall call, string target, SandboxRequest request)
    {
        var body = Body(request);
        return target.Contains("CloudTrail")
            ? Recorded(
                () => _cloudTrail.Handle(call.Caller, call.Region, call.Operation, body),
                (_, refusal) => _recorder.Lookup(call, refusal)
            )
            : CallKms(call, body);
    }

    private SandboxResponse HandleQuery(TrailCall call, string service, SandboxRequest request)
    {
        var form = AwsForm.Parse(request);
        var action = form.TryGetValue("Action", out var given) ? given : "";
        var result = Recorded(
            () =>
                service switch
                {
                    "iam" => _iam.Handle(call.Caller, action, form),
                    "sts" => _sts.Handle(call.Caller, action, form),
                    _ => throw new AwsException("InvalidAction", $"This sandbox has no service '{service}'."),
                },
            (_, refusal) =>
                _recorder.Query(call with { Operation = action }, service, form, refusal, _principals.RoleArnOf(form))
        );
        var version = service == "iam" ? "iam.amazonaws.com/doc/2010-05-08/" : "sts.amazonaws.com/doc/2011-06-15/";
        return AwsResponse.Xml(action, $"https://{version}", result, call.RequestId);
    }

    /// <summary>Every request of a known caller is in the event history, with its error when it was refused.</summary>
    private static T Recorded<T>(Func<T> work, Action<T?, AwsException?> record)
        where T : class?
    {
        T? result = null;
        AwsException? refusal = null;
        try
        {
            return result = work();
        }
        catch (AwsException error)
        {
            refusal = error;
            throw;
        }
        finally
        {
            record(result, refusal);
        }
    }

    private static JsonObject Body(SandboxRequest request)
    {
        try
        {
            return JsonNode.Parse(request.Body) as JsonObject
                ?? throw new AwsException("SerializationException", "The body is not an object.");
        }
        catch (JsonException error)
        {
            throw new AwsException("SerializationException", error.Message);
        }
    }
}

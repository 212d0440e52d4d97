using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>The module's clients in front of scripted responses, without a cloud.</summary>
internal sealed class ScriptedGcp : IDisposable
{
    public const string Key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";
    public const string AccessToken = "tok-for-tests";

    private readonly ScriptedHandler _handler;

    private ScriptedGcp(ScriptedHandler handler, GcpClients clients)
    {
        _handler = handler;
        Clients = clients;
        Calls = new GcpCalls(
            new OperationContext(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), CancellationToken.None)
        );
    }

    public GcpClients Clients { get; }

    public GcpCalls Calls { get; }

    public RecordingLog Log { get; } = new();

    public IReadOnlyList<(string Method, string Target, string Body)> Requests => _handler.Requests;

    public IReadOnlyList<HttpRequestMessage> Messages => _handler.Messages;

    /// <summary>Connects to a cloud that gives these responses, in order.</summary>
    public static Task<ScriptedGcp> StartAsync(params Func<HttpRequestMessage, HttpResponseMessage?>[] responses) =>
        StartAsync(quotaProject: null, responses);

    public static async Task<ScriptedGcp> StartAsync(
        string? quotaProject,
        params Func<HttpRequestMessage, HttpResponseMessage?>[] responses
    )
    {
        var handler = new ScriptedHandler(responses);
        var connection = new GcpConnection
        {
            AccessToken = new Secret(AccessToken),
            Project = "p",
            QuotaProject = quotaProject,
            Handler = handler,
        };
        return new ScriptedGcp(handler, await GcpClients.ConnectAsync(connection, CancellationToken.None));
    }

    /// <summary>A refusal as Google Cloud words it.</summary>
    public static Func<HttpRequestMessage, HttpResponseMessage?> Error(int code, string status) =>
        ScriptedHandler.Json($$$"""{"error":{"code":{{{code}}},"message":"no","status":"{{{status}}}"}}""", code);

    public Task<CryptoKey> ReadKeyAsync() =>
        Calls.ReadAsync("KMS", "cryptoKeys.get", Key, c => Clients.Kms.GetCryptoKeyAsync(Key, c));

    public Task<CryptoKeyVersion> CreateVersionAsync() =>
        Calls.WriteAsync("KMS", "create", Key, c => Clients.Kms.CreateCryptoKeyVersionAsync(Key, c));

    public void Dispose()
    {
        Clients.Dispose();
        _handler.Dispose();
    }
}

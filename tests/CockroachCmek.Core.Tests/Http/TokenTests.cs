using System.Globalization;
using System.Net;
using System.Text;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>Tokens that a cloud refuses although they have not expired, and clocks that are wrong.</summary>
public sealed class TokenTests
{
    private const string Token = """{"token_type":"Bearer","expires_in":3600,"access_token":"t"}""";

    private readonly List<string> _requests = [];

    [Fact]
    public async Task A_revoked_token_of_Azure_is_renewed_once()
    {
        var refusals = 1;
        var calls = new AzureCalls(Context);
        using var clients = Clients(request =>
            request.RequestUri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal) ? Json(200, Token)
            : request.RequestUri.AbsolutePath == "/subscriptions"
                ? refusals-- > 0 ? Refusal()
                    : Json(200, """{"value":[]}""")
            : Json(200, Metadata)
        );
        Assert.Empty(await calls.ReadAsync("ARM", "list", "", clients.Arm.ListSubscriptionsAsync));
        Assert.Equal(2, _requests.Count(r => r == "/subscriptions"));
        Assert.Equal(2, _requests.Count(r => r.EndsWith("/token", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_token_that_stays_refused_is_reported()
    {
        var calls = new AzureCalls(Context);
        using var clients = Clients(request =>
            request.RequestUri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal) ? Json(200, Token)
            : request.RequestUri.AbsolutePath == "/subscriptions" ? Refusal()
            : Json(200, Metadata)
        );
        var error = await Assert.ThrowsAsync<AzureException>(() =>
            calls.ReadAsync("ARM", "list", "", clients.Arm.ListSubscriptionsAsync)
        );
        Assert.Equal(401, error.Status);
        Assert.Equal(2, _requests.Count(r => r == "/subscriptions"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revoked_token_of_Key_Vault_is_renewed_once_with_or_without_a_challenge(bool hasChallenge)
    {
        var refusals = 0;
        var calls = new AzureCalls(Context);
        using var clients = Clients(request =>
            IsToken(request) ? Json(200, Token)
            : !request.RequestUri!.AbsolutePath.StartsWith("/keys/", StringComparison.Ordinal) ? Json(200, Metadata)
            : request.Headers.Authorization is null ? Challenge(request)
            : refusals-- > 0 ? (hasChallenge ? Challenge(request) : Json(401, "{}"))
            : Json(200, """{"value":[]}""")
        );
        var vault = clients.Keys(new Uri("https://kv.vault.azure.net/"));
        Assert.Empty(await calls.ReadAsync("KeyVault", "list", "k", c => vault.ListVersionsAsync("k", c)));
        refusals = 1;
        _requests.Clear();
        Assert.Empty(await calls.ReadAsync("KeyVault", "list", "k", c => vault.ListVersionsAsync("k", c)));
        Assert.Equal(2, _requests.Count(r => r.StartsWith("/keys/", StringComparison.Ordinal)));
        Assert.Equal(1, _requests.Count(r => r.EndsWith("/token", StringComparison.Ordinal)));

        refusals = 9;
        _requests.Clear();
        var error = await Assert.ThrowsAsync<AzureException>(() =>
            calls.ReadAsync("KeyVault", "list", "k", c => vault.ListVersionsAsync("k", c))
        );
        Assert.Equal(401, error.Status);
        Assert.Equal(2, _requests.Count(r => r.StartsWith("/keys/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(20, "20 minutes slow")]
    [InlineData(-90, "90 minutes fast")]
    public async Task A_wrong_clock_is_named_with_its_minutes(int minutes, string named)
    {
        var calls = new AzureCalls(Context);
        using var clients = Clients(request =>
            request.RequestUri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal)
                ? WithDate(
                    Json(
                        401,
                        """{"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range."}"""
                    ),
                    DateTimeOffset.UtcNow.AddMinutes(minutes)
                )
                : Json(200, Metadata)
        );
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            calls.ReadAsync("ARM", "list", "", clients.Arm.ListSubscriptionsAsync)
        );
        Assert.Equal("ClockSkewed", error.ErrorId);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static string Metadata =>
        """{"tenant_discovery_endpoint":"https://login.microsoftonline.com/t/v2.0/.well-known/openid-configuration","api-version":"1.1","metadata":[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com"]}]}""";

    private static OperationContext Context =>
        new(new RecordingLog(), new ScaledTimeProvider(TimeProvider.System, 2_000), CancellationToken.None);

    private string? _tenant;

    private static bool IsToken(HttpRequestMessage request) =>
        request.RequestUri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal);

    private HttpResponseMessage Challenge(HttpRequestMessage request)
    {
        var response = Json(401, """{"error":{"code":"Unauthorized","message":"no"}}""");
        response.Headers.TryAddWithoutValidation(
            "WWW-Authenticate",
            $"Bearer authorization=\"https://login.microsoftonline.com/{_tenant}\", "
                + $"resource=\"https://{request.RequestUri!.Host.Split('.', 2)[1]}\""
        );
        return response;
    }

    private AzureClients Clients(Func<HttpRequestMessage, HttpResponseMessage> respond) =>
        AzureClients.Create(
            new AzureConnection
            {
                Handler = new Responder(request =>
                {
                    _requests.Add(request.RequestUri!.AbsolutePath);
                    return respond(request);
                }),
                TenantId = _tenant = Guid.NewGuid().ToString(),
                ClientId = "c",
                ClientSecret = new Secret("s"),
            }
        );

    private static HttpResponseMessage Json(int status, string body) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Refusal()
    {
        var response = Json(401, """{"error":{"code":"InvalidAuthenticationToken","message":"revoked"}}""");
        response.Headers.TryAddWithoutValidation(
            "WWW-Authenticate",
            "Bearer authorization_uri=\"https://login.windows.net/t\", error=\"invalid_token\""
        );
        return response;
    }

    private static HttpResponseMessage WithDate(HttpResponseMessage response, DateTimeOffset date)
    {
        response.Headers.TryAddWithoutValidation("Date", date.ToString("r", CultureInfo.InvariantCulture));
        return response;
    }

    private sealed class Responder(Func<HttpRequestMessage, HttpResponseMessage> respond) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Task.FromResult(respond(request));
    }
}

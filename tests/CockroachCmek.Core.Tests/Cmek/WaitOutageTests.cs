using System.Net;
using System.Text;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A wait while CockroachDB Cloud is restarted: the change goes on there.</summary>
public sealed class WaitOutageTests : IDisposable
{
    private static readonly CrdbCluster Cluster = new() { Id = Guid.NewGuid().ToString(), Name = "prod-eu" };

    private readonly ScaledTimeProvider _time = new(TimeProvider.System, 2_000);
    private readonly RecordingLog _host = new();
    private readonly RestartedApi _api;
    private readonly CrdbCloudClient _client;

    public WaitOutageTests()
    {
        _api = new RestartedApi();
        _client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://cloud.example/"), new Secret("key"))
            {
                Handler = _api,
                Time = _time,
                TimeScale = 2_000,
            }
        );
    }

    [Fact]
    public async Task A_wait_outlasts_a_restart_of_the_API()
    {
        // With the pauses between them, a request repeated six times takes half a minute.
        (_api.Refuses, _api.IsUnavailable) = (13, 7);
        var info = await WaitAsync(TimeSpan.FromHours(1));
        Assert.Equal("ENABLED", info.Status);
        Assert.Equal(1 + 13 + 7 + 1, _api.Requests);
        var warning = Assert.Single(_host.Warnings);
        Assert.Contains("The wait goes on", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_runs_out_in_silence_says_that_the_change_goes_on()
    {
        _api.Refuses = int.MaxValue - 1;
        var error = await Assert.ThrowsAsync<CmekException>(() => WaitAsync(TimeSpan.FromMinutes(5)));
        Assert.Equal("WaitWithoutResponse", error.ErrorId);
        Assert.Contains("continues in the cloud", error.Message, StringComparison.Ordinal);
        Assert.Equal("Wait-CrdbCmek prod-eu", error.RecommendedAction);
    }

    public void Dispose()
    {
        _client.Dispose();
        _api.Dispose();
    }

    private Task<CmekInfo> WaitAsync(TimeSpan timeout) =>
        new CmekWait(
            _client,
            Cluster,
            new WaitOptions { Timeout = timeout },
            new OperationContext(_host, _time, CancellationToken.None)
        ).RunAsync();

    /// <summary>Responds once, refuses connections for some requests, then says 503 for some, then responds again.</summary>
    private sealed class RestartedApi : HttpMessageHandler
    {
        public int Refuses { get; set; }

        public int IsUnavailable { get; set; }

        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var number = Requests++;
            if (number == 0)
                return Respond("ENABLING");
            if (number <= Refuses)
                throw new HttpRequestException("Connection refused");
            return number <= Refuses + IsUnavailable
                ? Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable))
                : Respond("ENABLED");
        }

        private static Task<HttpResponseMessage> Respond(string status) =>
            Task.FromResult(
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StringContent(
                        $$"""
                        {"status":"{{status}}","region_infos":[{"region":"eu-west-1","status":"{{status}}","key_infos":[]}]}
                        """,
                        Encoding.UTF8,
                        "application/json"
                    ),
                }
            );
    }
}

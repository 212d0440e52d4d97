using System.Net;
using System.Text;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>
/// Answers requests from a list, in order; the last answer stays. A null answer is a connection that broke. Reads of
/// managed backups are beside the list: <see cref="Backups"/>.
/// </summary>
internal sealed class ScriptedHandler(params Func<HttpRequestMessage, HttpResponseMessage?>[] answers)
    : HttpMessageHandler
{
    private int _next;

    /// <summary>The response to reads of managed backups. Default: there are none.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?> Backups { get; init; } = Json("""{"backups":[]}""");

    public List<(string Method, string Target, string Body)> Requests { get; } = [];

    public List<HttpRequestMessage> Messages { get; } = [];

    public static Func<HttpRequestMessage, HttpResponseMessage?> Json(
        string body,
        int status = 200,
        params (string Name, string Value)[] headers
    ) =>
        _ =>
        {
            var response = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            foreach (var (name, value) in headers)
                response.Headers.TryAddWithoutValidation(name, value);
            return response;
        };

    public static Func<HttpRequestMessage, HttpResponseMessage?> Broken { get; } = _ => null;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        if (request.RequestUri!.AbsolutePath.EndsWith("/backups", StringComparison.Ordinal))
            return Backups(request) ?? throw new HttpRequestException("The connection was reset.");
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Func<HttpRequestMessage, HttpResponseMessage?> answer;
        lock (Requests)
        {
            Requests.Add((request.Method.Method, request.RequestUri.PathAndQuery, body));
            Messages.Add(request);
            answer = answers[Math.Min(_next++, answers.Length - 1)];
        }

        return answer(request) ?? throw new HttpRequestException("The connection was reset.");
    }
}

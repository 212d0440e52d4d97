using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// moto, an AWS that we did not write, on loopback. With its IAM authentication switched on, it checks every signature.
/// </summary>
public sealed class MotoServer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process? _process;
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MotoServer()
    {
        if (Repository.Program("moto_server") is not { } program)
            return;
        var start = new ProcessStartInfo(program, ["-H", "127.0.0.1", "-p", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => FindAddress(line.Data);
        _process.ErrorDataReceived += (_, line) => FindAddress(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>False where moto is not installed.</summary>
    public bool IsInstalled => _process is not null;

    /// <summary>The address that moto has chosen; null until it is ready.</summary>
    public Uri? Endpoint { get; private set; }

    public string AccessKeyId { get; private set; } = "";

    public string SecretAccessKey { get; private set; } = "";

    /// <summary>Waits until moto responds, creates an administrator, and switches authentication on.</summary>
    public async Task ReadyAsync()
    {
        if (AccessKeyId.Length > 0)
            return;
        Endpoint = await _address.Task.WaitAsync(Limit);
        using var http = new HttpClient { BaseAddress = Endpoint };
        await WaitAsync(http);
        const string policy =
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""";
        await QueryAsync(http, "Action=CreateUser&UserName=admin");
        await QueryAsync(
            http,
            $"Action=PutUserPolicy&UserName=admin&PolicyName=all&PolicyDocument={Uri.EscapeDataString(policy)}"
        );
        var key = XDocument.Parse(await QueryAsync(http, "Action=CreateAccessKey&UserName=admin"));
        AccessKeyId = key.Descendants().Single(e => e.Name.LocalName == "AccessKeyId").Value;
        SecretAccessKey = key.Descendants().Single(e => e.Name.LocalName == "SecretAccessKey").Value;
        var uri = new Uri("/moto-api/reset-auth", UriKind.Relative);
        (await http.PostAsync(uri, new StringContent("0"))).EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        if (_process is null)
            return;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Reads the address from " * Running on http://127.0.0.1:34251".</summary>
    private void FindAddress(string? line)
    {
        const string start = "Running on ";
        if (line?.IndexOf(start, StringComparison.Ordinal) is int at and >= 0)
            _address.TrySetResult(new Uri(line[(at + start.Length)..].Trim()));
    }

    private static async Task WaitAsync(HttpClient http)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            try
            {
                var uri = new Uri("/moto-api/data.json", UriKind.Relative);
                (await http.GetAsync(uri, limit.Token)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, limit.Token);
            }
        }
    }

    private static async Task<string> QueryAsync(HttpClient http, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/")
        {
            Content = new StringContent(
                form + "&Version=2010-05-08",
                Encoding.UTF8,
                "application/x-www-form-urlencoded"
            ),
        };
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=unused/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
        );
        var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}

using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// A proxy on the loopback address for HTTPS_PROXY. It connects the host names of Azure to the sandbox and refuses all
/// others, so that Azure's own clients use the sandbox unchanged and nothing leaves this machine.
/// </summary>
internal sealed class AzureProxy : IDisposable
{
    private const int LargestHead = 16 * 1024;
    private static readonly Regex Connect = new(
        @"^CONNECT ([^\s:]+):(\d+) HTTP/1\.[01]\r\n",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );
    private static readonly Regex Host = new(
        @"^(127\.0\.0\.1|localhost|management\.azure\.com|graph\.microsoft\.com|login\.microsoftonline\.com"
            + @"|login\.windows\.net|api\.loganalytics\.(?:azure\.com|io)|[a-z0-9-]+\.vault\.azure\.net)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpClient, Task> _connections = new();
    private readonly Task _accepting;

    /// <param name="port">The port of the sandbox's Azure.</param>
    public AzureProxy(int port)
    {
        _port = port;
        _listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>Ends every connection and waits until all of them have finished.</summary>
    public async Task StopAsync()
    {
        _stop.Cancel();
        _listener.Stop();
        foreach (var client in _connections.Keys)
            client.Close();
        await _accepting;
        await Task.WhenAll(_connections.Values);
    }

    public void Dispose() => _stop.Dispose();

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception error) when (IsEnd(error) || error is InvalidOperationException)
            {
                return;
            }

            var serving = ServeAsync(client);
            _connections[client] = serving;
            if (serving.IsCompleted)
                _connections.TryRemove(client, out _);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await Task.Yield();
        using var target = new TcpClient { NoDelay = true };
        try
        {
            client.NoDelay = true;
            var stream = client.GetStream();
            var request = Connect.Match(await ReadHeadAsync(stream));
            if (!request.Success || !Host.IsMatch(request.Groups[1].Value))
            {
                await WriteAsync(stream, "403 Forbidden\r\nContent-Length: 0\r\nConnection: close");
                return;
            }

            await target.ConnectAsync(IPAddress.Loopback, _port);
            await WriteAsync(stream, "200 Connection established");
            var other = target.GetStream();
            await Task.WhenAny(
                stream.CopyToAsync(other, 16 * 1024, _stop.Token),
                other.CopyToAsync(stream, 16 * 1024, _stop.Token)
            );
        }
        catch (Exception error) when (IsEnd(error))
        {
            // One side closed the connection, or the sandbox was stopped.
        }
        finally
        {
            client.Close();
            _connections.TryRemove(client, out _);
        }
    }

    /// <summary>
    /// The head of a request, up to the empty line. Read byte by byte, because what follows belongs to the tunnel.
    /// </summary>
    private async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (head.Length < LargestHead && await stream.ReadAsync(next, 0, 1, _stop.Token) == 1)
        {
            head.Append((char)next[0]);
            if (next[0] == '\n' && head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                break;
        }

        return head.ToString();
    }

    private async Task WriteAsync(Stream stream, string status)
    {
        var bytes = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n\r\n");
        await stream.WriteAsync(bytes, 0, bytes.Length, _stop.Token);
    }

    private static bool IsEnd(Exception error) =>
        error is IOException or SocketException or ObjectDisposedException or OperationCanceledException;
}

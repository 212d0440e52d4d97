using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace CockroachCmek.Sandbox.Http;

/// <summary>
/// A small HTTP/1.1 server on the loopback address. It is our own because no available server package offers on both
/// frameworks what a rehearsal needs: TLS with a certificate that exists in memory only, and connections that are cut
/// before or after a request is processed.
/// </summary>
internal sealed class LoopbackListener : IDisposable
{
    private readonly TcpListener _listener;
    private readonly X509Certificate2? _certificate;
    private readonly Func<ParsedRequest, CancellationToken, Task<Reply>> _respond;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpClient, Task> _connections = new();
    private readonly Task _accepting;

    /// <param name="port">0 for any free port.</param>
    /// <param name="certificate">For TLS; null for plain HTTP.</param>
    /// <param name="respond">Handles a request. A reply without a response cuts the connection.</param>
    public LoopbackListener(
        int port,
        X509Certificate2? certificate,
        Func<ParsedRequest, CancellationToken, Task<Reply>> respond
    )
    {
        _certificate = certificate;
        _respond = respond;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        var address = (IPEndPoint)_listener.LocalEndpoint;
        Endpoint = new Uri($"{(certificate is null ? "http" : "https")}://127.0.0.1:{address.Port}/");
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
            catch (Exception error)
                when (error is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            client.NoDelay = true;
            var serving = ServeAsync(client);
            _connections[client] = serving;
            if (serving.IsCompleted)
                _connections.TryRemove(client, out _);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await Task.Yield();
        try
        {
            using var stream = await OpenAsync(client);
            var reader = new RequestReader(stream);
            while (!_stop.IsCancellationRequested)
            {
                var (request, refusal) = await reader.ReadAsync(_stop.Token);
                if (refusal is not null)
                    await WriteAsync(stream, refusal, keepAlive: false, withBody: true);
                if (request is null)
                    return;
                var reply = await _respond(request, _stop.Token);
                if (reply.Response is null)
                {
                    Cut(client);
                    return;
                }

                await WriteAsync(stream, reply.Response, request.KeepAlive, withBody: request.Method != "HEAD");
                if (!request.KeepAlive)
                    return;
            }
        }
        catch (Exception error)
            when (error
                    is IOException
                        or SocketException
                        or ObjectDisposedException
                        or OperationCanceledException
                        or System.Security.Authentication.AuthenticationException
            )
        {
            // The client closed the connection, or the sandbox was stopped.
        }
        finally
        {
            client.Close();
            _connections.TryRemove(client, out _);
        }
    }

    private async Task<Stream> OpenAsync(TcpClient client)
    {
        if (_certificate is null)
            return client.GetStream();
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(
            _certificate,
            clientCertificateRequired: false,
            checkCertificateRevocation: false
        );
        return tls;
    }

    /// <summary>Resets the connection, so that the client sees an error and not an orderly end.</summary>
    private static void Cut(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    private static async Task WriteAsync(Stream stream, SandboxResponse response, bool keepAlive, bool withBody)
    {
        using var message = new MemoryStream();
        using (
            var head = new StreamWriter(message, new System.Text.UTF8Encoding(false), 1024, leaveOpen: true)
            {
                NewLine = "\r\n",
            }
        )
        {
            await head.WriteLineAsync($"HTTP/1.1 {response.Status} {Reason(response.Status)}");
            if (!response.Headers.Any(h => h.Key == "Date"))
                await head.WriteLineAsync($"Date: {DateTimeOffset.UtcNow:R}");
            await head.WriteLineAsync($"Content-Length: {response.Body.Length}");
            if (response.Body.Length > 0)
                await head.WriteLineAsync($"Content-Type: {response.ContentType}");
            foreach (var field in response.Headers)
                await head.WriteLineAsync($"{field.Key}: {field.Value}");
            await head.WriteLineAsync($"Connection: {(keepAlive ? "keep-alive" : "close")}");
            await head.WriteLineAsync();
        }

        if (withBody)
            message.Write(response.Body, 0, response.Body.Length);
        var bytes = message.ToArray();
        await stream.WriteAsync(bytes, 0, bytes.Length);
        await stream.FlushAsync();
    }

    private static string Reason(int status) =>
        status switch
        {
            200 => "OK",
            201 => "Created",
            204 => "No Content",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            409 => "Conflict",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "Status",
        };
}

/// <summary>The outcome of a request: a response, or null to cut the connection.</summary>
internal sealed record Reply(SandboxResponse? Response);

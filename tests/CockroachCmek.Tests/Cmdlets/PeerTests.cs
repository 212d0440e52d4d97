using System.Diagnostics;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// Other people's clients on our sandbox: the aws command line, and the sandbox as a server of its own.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class PeerTests
{
    [Fact]
    public void What_the_aws_command_makes_the_module_adopts()
    {
        Assert.SkipWhen(Repository.Program("aws") is null, "The aws command is not on PATH.");
        using var session = ModuleSession.WithSandbox();
        var environment = session
            .Run("$sandbox.Environment.GetEnumerator() | ForEach-Object { \"$($_.Key)=$($_.Value)\" }")
            .Output.Select(o => o.ToString()!.Split('=', 2))
            .ToDictionary(p => p[0], p => p[1]);
        string Aws(params string[] arguments) => Run("aws", [.. arguments, "--output", "text"], environment);

        Assert.Equal("200000000001", Aws("sts", "get-caller-identity", "--query", "Account"));
        var organization = session.Run("(Get-CrdbOrganization).Id").Single();
        var role = Aws(
            "iam",
            "create-role",
            "--role-name",
            "by-hand",
            "--query",
            "Role.Arn",
            "--assume-role-policy-document",
            $$$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::100000000003:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"{{{{organization}}}}"}}}]}"""
        );
        var key = Aws("kms", "create-key", "--region", "us-east-1", "--query", "KeyMetadata.Arn");
        Aws("kms", "create-alias", "--region", "us-east-1", "--alias-name", "alias/by-hand", "--target-key-id", key);

        Assert.Equal(
            "Existing",
            session.Run("New-CrdbCmekRole dev-aws -Name by-hand").Succeeds().Single().Text("Outcome")
        );
        var info = session
            .Run(
                "New-CrdbCmekRole dev-aws -Name by-hand | New-CrdbCmekKey -KeyUri alias/by-hand -Grant | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds()
            .Single();
        Assert.Equal("ENABLED", info.Text("Status"));
        // And the reverse: the command sees what the module wrote.
        Assert.Contains(
            role,
            Aws(
                "kms",
                "get-key-policy",
                "--region",
                "us-east-1",
                "--key-id",
                key,
                "--policy-name",
                "default",
                "--query",
                "Policy"
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_policy_command_that_the_module_prints_runs_as_it_is()
    {
        Assert.SkipWhen(
            Repository.Program("aws") is null || OperatingSystem.IsWindows(),
            "The aws command and a POSIX shell are not both there."
        );
        using var session = ModuleSession.WithSandbox();
        var environment = session
            .Run("$sandbox.Environment.GetEnumerator() | ForEach-Object { \"$($_.Key)=$($_.Value)\" }")
            .Output.Select(o => o.ToString()!.Split('=', 2))
            .ToDictionary(p => p[0], p => p[1]);
        var commands = session
            .Run("$role = New-CrdbCmekRole dev-aws; ($role | Get-CrdbCmekKeyPolicy).Commands")
            .Succeeds()
            .Output;
        foreach (var command in commands)
            Run("sh", ["-c", command.ToString()!], environment);
        Assert.Equal("Existing", session.Run("$role | New-CrdbCmekKey").Succeeds().Single().Text("Outcome"));
    }

    [Fact]
    public void The_sandbox_serves_other_clients_until_it_is_stopped()
    {
        using var served = new ServedSandbox();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            served.Variables["COCKROACH_SERVER"] + "api/v1/organization"
        );
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + served.Variables["COCKROACH_API_KEY"]);
        Assert.True(http.Send(request).IsSuccessStatusCode);
        Assert.Contains("AWS_ENDPOINT_URL", served.Variables.Keys);
        Assert.Contains(served.Comments, c => c.Contains("login.microsoftonline.com", StringComparison.Ordinal));
    }

    [Fact]
    public void Gcloud_works_with_the_printed_lines_alone()
    {
        Assert.SkipWhen(
            Repository.Program("gcloud") is null || OperatingSystem.IsWindows(),
            "gcloud and a POSIX shell are not both there."
        );
        using var served = new ServedSandbox("ProjectRole");
        var environment = new Dictionary<string, string>(served.Variables)
        {
            ["CLOUDSDK_CONFIG"] = Path.Combine(served.Folder, "gcloud"),
            ["CLOUDSDK_CORE_DISABLE_PROMPTS"] = "1",
        };
        var project = served.Variables["CLOUDSDK_CORE_PROJECT"];
        var policy = Run("gcloud", ["projects", "get-iam-policy", project, "--format=json"], environment);
        Assert.Contains("roles/cloudkms.cryptoKeyEncrypterDecrypter", policy, StringComparison.Ordinal);
        var rings = Run(
            "gcloud",
            ["kms", "keyrings", "list", "--location=us-east4", "--format=value(name)"],
            environment
        );
        Assert.EndsWith("/keyRings/crdb-cmek", rings, StringComparison.Ordinal);
    }

    /// <summary>The rehearsal program with --sandbox, and what it printed.</summary>
    private sealed class ServedSandbox : IDisposable
    {
        private readonly Process _process;

        public ServedSandbox(params string[] scenarios)
        {
            var program = Path.Combine(AppContext.BaseDirectory, "CockroachCmek.Rehearsal.dll");
            _process = Process.Start(
                new ProcessStartInfo("dotnet", ["exec", program, "--sandbox", .. scenarios])
                {
                    RedirectStandardOutput = true,
                }
            )!;
            while (_process.StandardOutput.ReadLine() is { } line)
            {
                if (line.StartsWith("export ", StringComparison.Ordinal))
                    foreach (var pair in line[7..].Split(' ').Select(p => p.Split('=', 2)))
                        Variables[pair[0]] = pair[1].Trim('\'');
                else
                    Comments.Add(line);
                if (line.EndsWith(".vault.azure.net", StringComparison.Ordinal))
                    return; // the last line
            }
        }

        public Dictionary<string, string> Variables { get; } = [];

        public List<string> Comments { get; } = [];

        /// <summary>The folder of the files that the sandbox wrote.</summary>
        public string Folder => Path.GetDirectoryName(Variables["GOOGLE_APPLICATION_CREDENTIALS"])!;

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            // A process that is killed leaves its files behind.
            if (Directory.Exists(Folder))
                Directory.Delete(Folder, recursive: true);
        }
    }

    private static string Run(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output.Trim();
    }
}

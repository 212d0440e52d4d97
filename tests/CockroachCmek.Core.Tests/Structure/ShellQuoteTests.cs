using System.Collections;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>A line that a person pastes runs what it shows, whatever an API, a file or a name holds.</summary>
public sealed partial class ShellQuoteTests
{
    private const string Hostile = "x'; touch planted #$(touch planted)`touch planted`";

    private static readonly string[] Values =
    [
        "",
        "plain-1",
        "two words",
        "it's",
        "eu-west-1; touch x #",
        "crl$(touch x)",
        "`touch x`",
        "a\nb",
        "\"$HOME\" \\ !! *",
        "~",
        "bb=~",
        "-rf",
        "{a,b}",
        "’x‘",
        "東京",
        "a&b|c>d<e",
    ];

    [Fact]
    public async Task Real_bash_reads_every_value_as_it_is()
    {
        var generated = Gen.String[Gen.Char["ab '\"\\$`!~#&|;<>(){}[]*?\n\t=%,é"], 0, 12].Array[200].Single();
        string[] values = [.. Values, .. generated];
        Assert.Equal(
            values,
            await RunAsync(string.Concat(values.Select(v => $"printf '%s\\0' {ShellQuote.Bash(v)}\n")))
        );
    }

    [Fact]
    public async Task Real_bash_runs_nothing_of_a_value_that_is_quoted_for_PowerShell()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-quote-").FullName;
        try
        {
            var lines = Values.Append(Hostile).Select(v => $"printf '%s\\0' {ShellQuote.PowerShell(v)}\n");
            await RunAsync(string.Concat(lines), folder);
            Assert.Empty(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("it's", "'it''s'")]
    [InlineData("‘x’", "'‘‘x’’'")]
    [InlineData("-Force", "'-Force'")]
    [InlineData("a b", "'a b'")]
    [InlineData("arn:aws:kms:eu-west-1:1:key/k", "arn:aws:kms:eu-west-1:1:key/k")]
    public void PowerShell_s_own_quotes_are_doubled(string value, string quoted) =>
        Assert.Equal(quoted, ShellQuote.PowerShell(value));

    [Theory]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("${var.x} %{if} $5", "\"$${var.x} %%{if} $5\"")]
    public void Terraform_reads_no_template(string value, string quoted) => Assert.Equal(quoted, ShellQuote.Hcl(value));

    [Theory]
    [InlineData("prod-eu", "Get-CrdbCluster prod-eu")]
    [InlineData("<name>", "Get-CrdbCluster <name>")]
    [InlineData("eu-west-1, eu-west-2", "Get-CrdbCluster eu-west-1, eu-west-2")]
    [InlineData("a;b", "Get-CrdbCluster 'a;b'")]
    public void Only_what_a_shell_would_read_otherwise_is_quoted(string value, string line) =>
        Assert.Equal(line, Errors.Make(CmekErrorKind.NotFound, null, "", $"Get-CrdbCluster {value}").RecommendedAction);

    /// <summary>Every error of the module, made of hostile values.</summary>
    [Fact]
    public void No_advice_runs_a_value()
    {
        var made = 0;
        var wrong = new List<string>();
        foreach (var factory in Factories())
        {
            if (Arguments(factory) is not { } arguments)
                continue;
            if (Invoke(factory, arguments) is not { } error)
                continue;
            made++;
            if (Quoted().Replace(error.RecommendedAction, "").Contains("planted", StringComparison.Ordinal))
                wrong.Add($"{factory.DeclaringType!.Name}.{factory.Name}: {error.RecommendedAction}");
        }

        Assert.True(made > 100, $"Only {made} errors were made.");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    /// <summary>An error whose parameter is the command itself is left out.</summary>
    private static IEnumerable<MethodInfo> Factories() =>
        typeof(Errors)
            .Assembly.GetTypes()
            .Where(t => t.Name.EndsWith("Errors", StringComparison.Ordinal))
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(m =>
                m.ReturnType == typeof(CmekException)
                && !m.GetParameters()
                    .Any(p => p.Name is "next" or "replacement" or "remedy" or "command" or "error" or "parameter")
            );

    private static CmekException? Invoke(MethodInfo factory, object?[] arguments)
    {
        try
        {
            return (CmekException?)factory.Invoke(null, arguments);
        }
        catch (TargetInvocationException)
        {
            return null; // it parses what it is given
        }
    }

    private static object?[]? Arguments(MethodInfo factory)
    {
        var made = factory.GetParameters().Select(p => Value(p.ParameterType)).ToArray();
        return made.Contains(Type.Missing) ? null : made;
    }

    private static object? Value(Type type) =>
        type == typeof(string) || type == typeof(object) ? Hostile
        : type.IsAssignableFrom(typeof(List<string>)) && typeof(IEnumerable).IsAssignableFrom(type)
            ? new List<string> { Hostile }
        : type == typeof(Exception) ? new InvalidOperationException(Hostile)
        : type == typeof(Uri) ? new Uri("https://example.com/")
        : type == typeof(CrdbCluster)
            ? new CrdbCluster
            {
                Id = Guid.Empty.ToString(),
                Name = Hostile,
                Plan = Hostile,
            }
        : type == typeof(CmekInfo) ? new CmekInfo { Cluster = new CrdbCluster { Name = Hostile } }
        : Nullable.GetUnderlyingType(type) is not null ? null
        : type.IsValueType ? Activator.CreateInstance(type)
        : Type.Missing;

    private static async Task<string[]> RunAsync(string script, string? folder = null)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "This machine has no bash.");
        var start = new ProcessStartInfo("/bin/bash", ["--norc", "-s"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        var text = await output;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return text.Length == 0 ? [] : text[..^1].Split('\0');
    }

    [GeneratedRegex("'(?:[^']|'')*'|\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Quoted();
}

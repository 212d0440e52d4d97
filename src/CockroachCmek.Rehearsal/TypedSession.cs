using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace CockroachCmek.Rehearsal;

/// <summary>
/// Runs a script as if a person typed it: comments are shown, each command is echoed behind a prompt, and its result
/// goes through PowerShell's formatting.
/// </summary>
internal sealed class TypedSession(Runspace runspace, TextWriter writer)
{
    /// <summary>Runs the script to its end, or to the first command that fails.</summary>
    /// <returns>True when every command succeeded.</returns>
    public bool Run(string path)
    {
        var script = Parser.ParseFile(path, out var tokens, out var errors);
        if (errors.Length > 0)
        {
            foreach (var error in errors)
                writer.WriteLine($"{path}:{error.Extent.StartLineNumber}: {error.Message}");
            return false;
        }

        var statements = (script.EndBlock?.Statements ?? []).Where(s => s is not FunctionDefinitionAst).ToList();
        var comments = new Queue<Token>(
            tokens.Where(t => t.Kind == TokenKind.Comment && t.Text.StartsWith("# ", StringComparison.Ordinal))
        );
        foreach (var function in (script.EndBlock?.Statements ?? []).OfType<FunctionDefinitionAst>())
            Invoke(function.Extent.Text);
        foreach (var statement in statements)
        {
            Narrate(comments, statement);
            Echo(statement.Extent.Text);
            if (!Invoke(statement.Extent.Text))
                return false;
        }

        return true;
    }

    private void Narrate(Queue<Token> comments, StatementAst statement)
    {
        var isFirst = true;
        while (comments.Count > 0 && comments.Peek().Extent.EndOffset <= statement.Extent.EndOffset)
        {
            var comment = comments.Dequeue();
            if (comment.Extent.StartOffset > statement.Extent.StartOffset)
                continue; // It is echoed with the statement.
            if (isFirst)
                writer.WriteLine();
            isFirst = false;
            writer.WriteLine(comment.Text);
        }
    }

    private void Echo(string statement)
    {
        var lines = statement.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        writer.WriteLine();
        writer.WriteLine($"PS> {lines[0]}");
        foreach (var line in lines.Skip(1))
            writer.WriteLine($">>  {line}");
    }

    private bool Invoke(string text)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = runspace;
        shell.AddScript(text, useLocalScope: false).AddCommand("Out-Default");
        try
        {
            shell.Invoke();
            // Errors that the script caught or silenced do not reach this stream, though HadErrors counts them.
            foreach (var error in shell.Streams.Error)
                Show(error);
            return shell.Streams.Error.Count == 0;
        }
        catch (RuntimeException exception)
        {
            Show(exception.ErrorRecord);
            return false;
        }
    }

    private void Show(ErrorRecord error) =>
        writer.WriteLine($"{error.FullyQualifiedErrorId}: {error.ErrorDetails?.Message ?? error.Exception.Message}");
}

using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Findings;

/// <summary>The pipelines that ship with the module are YAML. What their script does is tested in tests/Pester.</summary>
public sealed class PipelineTests
{
    [Theory]
    [InlineData("github-actions", "jobs")]
    [InlineData("azure-pipelines", "steps")]
    public void A_pipeline_is_one_YAML_document(string name, string field)
    {
        var path = Path.Combine(Repository.Root, "Module", "Examples", "CI", name + ".yml");
        var root = Assert.IsType<MapNode>(YamlNodes.Read(File.ReadAllText(path), path, DocumentKind.Manifest));
        Assert.Contains(root.Fields, f => f.Name == field);
    }
}

using System.Management.Automation;

namespace EmptyModule;

[Cmdlet(VerbsCommon.Get, "Empty01")]
public sealed class GetEmpty01Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty02")]
public sealed class GetEmpty02Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty03")]
public sealed class GetEmpty03Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty04")]
public sealed class GetEmpty04Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty05")]
public sealed class GetEmpty05Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty06")]
public sealed class GetEmpty06Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty07")]
public sealed class GetEmpty07Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty08")]
public sealed class GetEmpty08Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty09")]
public sealed class GetEmpty09Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty10")]
public sealed class GetEmpty10Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty11")]
public sealed class GetEmpty11Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty12")]
public sealed class GetEmpty12Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty13")]
public sealed class GetEmpty13Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty14")]
public sealed class GetEmpty14Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty15")]
public sealed class GetEmpty15Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty16")]
public sealed class GetEmpty16Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

[Cmdlet(VerbsCommon.Get, "Empty17")]
public sealed class GetEmpty17Command : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string? Name { get; set; }

    protected override void ProcessRecord() => WriteObject(Name);
}

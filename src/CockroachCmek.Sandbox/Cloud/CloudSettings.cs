namespace CockroachCmek.Sandbox.Cloud;

/// <summary>How the Cloud API refuses a write while another operation holds the cluster.</summary>
public enum CloudLockForm
{
    /// <summary>503 and JSON: the only form that Cockroach Labs' own Terraform provider waits for.</summary>
    Unavailable,

    /// <summary>409 and JSON.</summary>
    Conflict,

    /// <summary>400 and JSON.</summary>
    InvalidArgument,

    /// <summary>503 and a page of HTML from the load balancer.</summary>
    Html,
}

/// <summary>How the Cloud API refuses a key that it cannot use (terraform-provider-cockroach utils.go).</summary>
public enum CloudKeyRefusalForm
{
    /// <summary>400, INVALID_ARGUMENT and the one sentence that is known.</summary>
    Documented,

    /// <summary>400, INVALID_ARGUMENT and another sentence.</summary>
    OtherSentence,

    /// <summary>401.</summary>
    Unauthorized,

    /// <summary>403.</summary>
    Forbidden,
}

/// <summary>
/// What is not known about the Cloud API, as switches: no public text proves either form. Defaults are what the sandbox
/// has always done.
/// </summary>
public sealed class CloudSettings
{
    private readonly object _gate;
    private readonly CloudData _data;

    internal CloudSettings(object gate, CloudData data) => (_gate, _data) = (gate, data);

    /// <summary>How a locked cluster refuses a write. Default: <see cref="CloudLockForm.Unavailable"/>.</summary>
    public CloudLockForm LockForm
    {
        get => Locked(() => _data.LockForm);
        set => Locked(() => _data.LockForm = value);
    }

    /// <summary>
    /// How a key that cannot be used is refused. Default: <see cref="CloudKeyRefusalForm.Documented"/>.
    /// </summary>
    public CloudKeyRefusalForm KeyRefusalForm
    {
        get => Locked(() => _data.KeyRefusalForm);
        set => Locked(() => _data.KeyRefusalForm = value);
    }

    /// <summary>
    /// True: a switch to the key in use updates its entry (a later updated_at). False: it adds an entry and disables
    /// the
    /// old one. Default: false.
    /// </summary>
    public bool UpdatesEntryInPlace
    {
        get => Locked(() => _data.UpdatesEntryInPlace);
        set => Locked(() => _data.UpdatesEntryInPlace = value);
    }

    /// <summary>How many of the next writes take effect although the response is an error. Default: 0.</summary>
    public int ErrorsAlthoughDone
    {
        get => Locked(() => _data.ErrorsAlthoughDone);
        set => Locked(() => _data.ErrorsAlthoughDone = value);
    }

    /// <summary>How many reads of a cluster's CMEK after a write still show what was before. Default: 0.</summary>
    public int StaleReads
    {
        get => Locked(() => _data.StaleReads);
        set => Locked(() => _data.StaleReads = value);
    }

    /// <summary>Requests that an API key may send within a second of the sandbox's time. Default: 10.</summary>
    public int RequestsPerSecond
    {
        get => Locked(() => _data.RequestsPerSecond);
        set => Locked(() => _data.RequestsPerSecond = value);
    }

    /// <summary>True: the API answers every request with 503. Default: false.</summary>
    public bool IsDown
    {
        get => Locked(() => _data.IsDown);
        set => Locked(() => _data.IsDown = value);
    }

    private T Locked<T>(Func<T> work)
    {
        lock (_gate)
            return work();
    }
}

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What can be changed about the sandbox's AWS that no API of the account changes.</summary>
public sealed class AwsSettings
{
    private readonly object _gate;
    private readonly AwsData _data;

    internal AwsSettings(object gate, AwsData data) => (_gate, _data) = (gate, data);

    /// <summary>Id of the organization that the account belongs to; null for none. Default: null.</summary>
    public string? OrganizationId
    {
        get => Locked(() => _data.OrganizationId);
        set => Locked(() => _data.OrganizationId = value);
    }

    /// <summary>
    /// What refusals tell about the policy behind them. Default: <see cref="AwsRefusalText.PolicyType"/>.
    /// </summary>
    public AwsRefusalText RefusalText
    {
        get => Locked(() => _data.RefusalText);
        set => Locked(() => _data.RefusalText = value);
    }

    /// <summary>
    /// Key policies come back as KMS writes them: pretty-printed, accounts as the ARN of their root, a list of one as a
    /// text, long lists of principals in changing order. Default: true; false: as they were sent.
    /// </summary>
    public bool RewritesKeyPolicies
    {
        get => Locked(() => _data.RewritesKeyPolicies);
        set => Locked(() => _data.RewritesKeyPolicies = value);
    }

    /// <summary>
    /// How long a new key is shown by DescribeKey only, in sandbox time: other operations respond that it does not
    /// exist, as AWS does within the first second now and then. Default: zero.
    /// </summary>
    public TimeSpan NewKeyDelay
    {
        get => Locked(() => _data.NewKeyDelay);
        set => Locked(() => _data.NewKeyDelay = value);
    }

    /// <summary>When the signs of a rotation appear. Default: <see cref="AwsRotationDelays.Default"/>.</summary>
    public AwsRotationDelays RotationDelays
    {
        get => Locked(() => _data.RotationDelays);
        set => Locked(() => _data.RotationDelays = value);
    }

    /// <summary>
    /// Gives the requests of CockroachDB's nodes a condition key, for example aws:SourceIp; null takes it away.
    /// </summary>
    public void SetNodeRequestKey(string key, string? value) =>
        Locked(() =>
        {
            if (value is null)
                return _data.NodeRequestKeys.Remove(key);
            _data.NodeRequestKeys[key] = value;
            return true;
        });

    /// <summary>Enables a region that an account has to enable first, such as me-south-1.</summary>
    /// <exception cref="ArgumentException">There is no such region.</exception>
    public void EnableRegion(string region) =>
        Locked(() =>
            AwsRegions.OptIn.Contains(region)
                ? _data.EnabledRegions.Add(region)
                : throw new ArgumentException($"'{region}' is not a region that can be enabled.", nameof(region))
        );

    /// <summary>Adds a key store of the customer's, which is connected.</summary>
    /// <param name="id">Its id, for example cks-1234567890abcdef0.</param>
    /// <param name="origin">The origin of its keys: AWS_CLOUDHSM or EXTERNAL_KEY_STORE.</param>
    public void AddKeyStore(string id, string origin) =>
        Locked(() =>
            origin is "AWS_CLOUDHSM" or "EXTERNAL_KEY_STORE"
                ? _data.KeyStores[id] = new KmsKeyStore(id, origin)
                : throw new ArgumentException($"'{origin}' is not the origin of a key store.", nameof(origin))
        );

    /// <summary>Connects or disconnects a key store. Keys of a disconnected one are unavailable.</summary>
    public void ConnectKeyStore(string id, bool isConnected) =>
        Locked(() => _data.KeyStores[id].IsConnected = isConnected);

    /// <summary>Adds a service control policy above the account. What it does not deny stays allowed.</summary>
    public void AddServiceControlPolicy(string policy) =>
        Locked(() => Add(_data.ServiceControlPolicies, policy, "service_control_policy"));

    /// <summary>Adds a resource control policy above the account. What it does not deny stays allowed.</summary>
    public void AddResourceControlPolicy(string policy) =>
        Locked(() => Add(_data.ResourceControlPolicies, policy, "resource_control_policy"));

    /// <summary>Removes every policy of the organization.</summary>
    public void ClearOrganizationPolicies() =>
        Locked(() =>
        {
            _data.ServiceControlPolicies.Clear();
            _data.ResourceControlPolicies.Clear();
            return true;
        });

    private static bool Add(List<NamedPolicy> policies, string text, string type)
    {
        var arn = $"arn:aws:organizations::100000000001:policy/o-sandbox0001/{type}/p-sandbox{policies.Count + 1:d4}";
        policies.Add(new NamedPolicy(PolicyDocument.ParseControl(text), arn));
        return true;
    }

    private T Locked<T>(Func<T> work)
    {
        lock (_gate)
            return work();
    }
}

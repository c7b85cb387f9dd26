namespace Orchestrator.Bench;

/// <summary>Runs that take turns, so that a disturbance or a change of clock rate meets both sides; each side begins every other turn.</summary>
internal static class Alternation
{
    /// <summary>Runs both sides once unmeasured, then in turns.</summary>
    /// <returns>The median of each side.</returns>
    public static (double Measured, double Reference) Medians(int rounds, Func<double> measured, Func<double> reference)
    {
        (double[] ours, double[] theirs) = Run(rounds, measured, reference);
        return (Median(ours), Median(theirs));
    }

    /// <summary>As <see cref="Medians"/>, where what disturbs a run only ever makes it slower.</summary>
    /// <returns>The highest rate of each side.</returns>
    public static (double Measured, double Reference) Highest(int rounds, Func<double> measured, Func<double> reference)
    {
        (double[] ours, double[] theirs) = Run(rounds, measured, reference);
        return (ours.Max(), theirs.Max());
    }

    private static (double[] Measured, double[] Reference) Run(int rounds, Func<double> measured, Func<double> reference)
    {
        measured();
        reference();
        double[] ours = new double[rounds];
        double[] theirs = new double[rounds];
        for (int i = 0; i < rounds; i++)
        {
            if (i % 2 == 0)
            {
                ours[i] = measured();
                theirs[i] = reference();
            }
            else
            {
                theirs[i] = reference();
                ours[i] = measured();
            }
        }

        return (ours, theirs);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        int middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}

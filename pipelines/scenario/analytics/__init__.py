"""The sample company's product analytics: Mixpanel, Amplitude and Segment exports, and who truly used what."""

// The API, as whoever is signed in calls it.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Api } from "./api";

export const Calls = createContext<Api>(null!);

export function useApi(): Api {
  return useContext(Calls);
}
